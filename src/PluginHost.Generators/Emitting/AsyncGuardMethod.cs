using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits one asynchronous method of a guard: its faults come as faulted tasks, and the plugin's own task never reaches the caller.</summary>
internal sealed class AsyncGuardMethod(CodeWriter code, ContractModel contract, MethodModel method, ValueCode values)
{
    private readonly Signature _signature = new(method);
    private readonly int _index = method.Index;
    private readonly bool _isTask = method.Shape is ResultShape.Task or ResultShape.TaskOf;

    private string Caller => _signature.Token ?? "default";

    private string ResultType => method.Result?.Type ?? string.Empty;

    private string ValueTask => "global::System.Threading.Tasks.ValueTask" + (method.Result is null ? string.Empty : $"<{ResultType}>");

    public void Emit()
    {
        string arguments = _signature.Named.Count == 0 ? string.Empty : ", " + string.Join(", ", _signature.Named.Select(n => n.Name));
        string parameters = _signature.Parameters.Length == 0 ? string.Empty : ", " + _signature.Parameters;
        string entering = $"{contract.InterfaceCode} inside, {Shapes.Invocation}CallEntry entry{parameters}";

        code.Open(_signature.Head);
        GuardEmitter.DetachArguments(code, _signature, values);
        code.Line($"{Shapes.Invocation}CallEntry entry = this.Enter({_index});");
        code.Line($"{contract.InterfaceCode}? inside = this.Inside;");
        code.Open("if (inside is null)").Line($"return this.Elsewhere{_index}(entry{arguments});").Close().Line();
        code.Open("if (this.IsSampled(entry))").Line($"return this.Sampled{_index}(inside, entry{arguments});").Close().Line();
        if (_isTask || NeedsDetach)
        {
            Body(isSampled: false);
        }
        else
        {
            ImmediateBody();
        }

        code.Close().Line();
        code.Open($"private {method.ReturnCode} Sampled{_index}({entering})");
        Body(isSampled: true);
        code.Close().Line();
        EmitElsewhere();
        EmitDetached();
    }

    // One way out with the task as it came: every other is a call of its own, so that the task is never copied on its way through memory.
    private void ImmediateBody()
    {
        string generic = method.Result is null ? string.Empty : $"<{ResultType}>";
        bool hasToken = _signature.Token is not null;
        if (hasToken)
        {
            Rent();
        }

        code.Line($"{method.ReturnCode} pending;").Line("bool isCaught = false;").Open("try");
        code.Line($"pending = inside.{Shapes.NameOf(method)}({_signature.ArgumentsWith("token.Token")});").Close();
        code.Open("catch (global::System.Exception thrown)");
        code.Line($"pending = this.Faulted{generic}(entry, {_index}, thrown, {Caller});").Line("isCaught = true;").Close().Line();
        code.Open("if (IsImmediate(ref pending))");
        if (hasToken)
        {
            code.Line("token.Return();");
        }

        code.Line("Leave(entry);").Line("return pending;").Close().Line();
        code.Line($"return this.Settle(pending, entry, {_index}, isCaught{(hasToken ? $", token, {_signature.Token}" : string.Empty)});");
    }

    private void Rent() => code.Line($"{Shapes.Invocation}CallToken token = {Shapes.Invocation}CallToken.Rent({_signature.Token});");

    private void Body(bool isSampled)
    {
        if (_signature.Token is null)
        {
            code.Line($"{Shapes.Invocation}CallToken token = default;");
        }
        else
        {
            Rent();
        }

        if (isSampled)
        {
            code.Line($"{Shapes.Invocation}CallSample sample = BeginSample();");
        }

        string noTask = _isTask ? $" ?? throw new global::System.InvalidOperationException(\"{method.WireName} returned null in place of a task.\")" : string.Empty;
        code.Line($"{method.ReturnCode} pending;").Open("try");
        code.Line($"pending = inside.{Shapes.NameOf(method)}({_signature.ArgumentsWith("token.Token")}){noTask};");
        code.Open("if (pending.IsCompletedSuccessfully)");
        code.Line(method.Result is { } type
            ? $"{ResultType} result = {values.Detach(type, "pending.Result", isTwice: false)};"
            : "pending.GetAwaiter().GetResult();");
        EndSample(isSampled, "true");
        code.Line("token.Return();").Line("Leave(entry);");
        code.Line($"return {Completed()};").Close().Close();
        code.Open("catch (global::System.Exception thrown)");
        EndSample(isSampled, "false");
        code.Line("token.Return();");
        string generic = method.Result is null ? string.Empty : $"<{ResultType}>";
        code.Line($"return {TaskType}.FromException{generic}(this.Caught(entry, {_index}, thrown, {Caller}));").Close().Line();
        EndSample(isSampled, "false");
        code.Line($"this.Suspend(entry, {_index});");
        code.Line($"return this.Awaited({Pending()}, {_index}, {(isSampled ? "StartOf(in sample)" : "0")}, token, {Caller}){(_isTask ? ".AsTask()" : string.Empty)};");
    }

    private bool NeedsDetach => method.Result is { } type && values.NeedsDetach(type);

    private string TaskType => _isTask ? "global::System.Threading.Tasks.Task" : "global::System.Threading.Tasks.ValueTask";

    private string Completed() => method.Shape switch
    {
        ResultShape.Task => "global::System.Threading.Tasks.Task.CompletedTask",
        ResultShape.TaskOf => $"global::System.Threading.Tasks.Task.FromResult<{ResultType}>(result)",
        ResultShape.ValueTask => "default",
        _ => $"new {ValueTask}(result)",
    };

    private string Pending()
    {
        string pending = _isTask ? $"new {ValueTask}(pending)" : "pending";
        return NeedsDetach ? $"Detached{_index}({pending})" : pending;
    }

    private void EndSample(bool isSampled, string isComplete)
    {
        if (isSampled)
        {
            code.Line($"this.EndSample({_index}, in sample, isComplete: {isComplete});");
        }
    }

    /// <summary>Emits the way to a proxy, or to the guard itself once the plugin is back.</summary>
    public void EmitElsewhere()
    {
        string parameters = _signature.Parameters.Length == 0 ? string.Empty : ", " + _signature.Parameters;
        string generic = method.Result is null ? string.Empty : $"<{ResultType}>";
        string arguments = _signature.ArgumentsWith(Caller);
        string rest = arguments.Length == 0 ? string.Empty : ", " + arguments;
        code.Open($"private {method.ReturnCode} Elsewhere{_index}({Shapes.Invocation}CallEntry entry{parameters})");
        code.Open("try");
        code.Line($"global::System.Threading.Tasks.ValueTask<object> route = this.ElsewhereAsync(entry, {_index}, {Caller});");
        code.Line("return route.IsCompletedSuccessfully");
        code.Line($"    ? (({contract.InterfaceCode})route.Result).{Shapes.NameOf(method)}({arguments})");
        code.Line($"    : Routed{_index}(route{rest});").Close();
        code.Open("catch (global::System.Exception thrown)");
        code.Line($"return {TaskType}.FromException{generic}(thrown);").Close().Close().Line();
        if (!_isTask)
        {
            code.Line(GuardEmitter.PooledBuilder(method.Result is not null));
        }

        code.Line($"private static async {method.ReturnCode} Routed{_index}(global::System.Threading.Tasks.ValueTask<object> route{parameters}) =>");
        code.Line($"    await (({contract.InterfaceCode})await route.ConfigureAwait(false)).{Shapes.NameOf(method)}({arguments}).ConfigureAwait(false);");
    }

    /// <summary>Emits what copies a result that was waited for, where it must be copied.</summary>
    public void EmitDetached()
    {
        if (method.Result is not { } type || !NeedsDetach)
        {
            return;
        }

        code.Line().Open($"private static async {ValueTask} Detached{_index}({ValueTask} pending)");
        code.Line($"{ResultType} result = await pending.ConfigureAwait(false);");
        code.Line($"return {values.Detach(type, "result")};").Close();
    }
}
