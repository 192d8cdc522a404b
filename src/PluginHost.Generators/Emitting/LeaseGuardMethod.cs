using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>
/// Emits one method of a guard that takes or gives what stays with its owner: arguments are lent, results leased, and no time is taken, since
/// that of such a call says nothing.
/// </summary>
internal sealed class LeaseGuardMethod(CodeWriter code, ContractModel contract, MethodModel method, ValueCode values)
{
    private readonly Signature _signature = new(method);
    private readonly int _index = method.Index;
    private readonly bool _isTask = method.Shape is ResultShape.Task or ResultShape.TaskOf;
    private readonly bool _givesSequence = method.Result is { Shape: TypeShape.AsyncSequence or TypeShape.Stream };

    private string Caller => _signature.Token ?? "default";

    private string ResultType => method.Result?.Type ?? string.Empty;

    private string ValueTask => "global::System.Threading.Tasks.ValueTask" + (method.Result is null ? string.Empty : $"<{ResultType}>");

    // Restores the caller's ambient state; the time of such a call says nothing.
    private string EndSample => $"this.EndSample({_index}, in sample, isComplete: false);";

    public void Emit()
    {
        code.Open(_signature.Head);
        GuardEmitter.DetachArguments(code, _signature, values);
        if (method.Shape == ResultShape.Sequence)
        {
            Sequence();
            code.Close();
            return;
        }

        code.Line($"{Shapes.Invocation}CallEntry entry = this.Enter({_index});");
        code.Line($"{contract.InterfaceCode}? inside = this.Inside;");
        if (method.IsAsync)
        {
            Asynchronous();
        }
        else
        {
            Synchronous();
        }
    }

    private void Sequence()
    {
        string item = method.Result!.Items[0].Type;
        code.Line($"return this.Sequence<{item}>(").Line($"    {_index},");
        code.Line($"    (inside, token) => inside.{Shapes.NameOf(method)}({Arguments("token")}),");
        code.Line($"    (elsewhere, token) => elsewhere.{Shapes.NameOf(method)}({_signature.ArgumentsWith("token")}),");
        code.Line($"    {values.DetachFunction(method.Result.Items[0])},").Line($"    {Caller});");
    }

    private void Synchronous()
    {
        string give = method.Result is null ? string.Empty : "return ";
        code.Open("if (inside is null)");
        code.Line($"{give}this.Elsewhere(entry, {_index}).{Shapes.NameOf(method)}({_signature.ArgumentsWith(Caller)});");
        if (method.Result is null)
        {
            code.Line("return;");
        }

        code.Close().Line();
        Begin();
        string call = $"inside.{Shapes.NameOf(method)}({Arguments("token.Token")})";
        if (method.Result is not null)
        {
            code.Line($"{ResultType} result;");
            call = "result = " + Given(call);
        }

        code.Open("try").Line(call + ";").Close();
        code.Open("catch (global::System.Exception thrown)").Line(EndSample).Line("token.Return();");
        if (method.Lends)
        {
            code.Line($"thrown = this.Caught(entry, {_index}, thrown, {Caller});").Line("lent.End();").Line("throw thrown;").Close().Line();
        }
        else
        {
            code.Line($"throw this.Caught(entry, {_index}, thrown, {Caller});").Close().Line();
        }

        code.Line(EndSample).Line("token.Return();").Line("Leave(entry);");
        if (method.Lends)
        {
            code.Line("lent.End();");
        }

        if (method.Result is not null)
        {
            code.Line("return result;");
        }

        code.Close();
    }

    private void Asynchronous()
    {
        string arguments = _signature.Named.Count == 0 ? string.Empty : ", " + string.Join(", ", _signature.Named.Select(n => n.Name));
        code.Open("if (inside is null)").Line($"return this.Elsewhere{_index}(entry{arguments});").Close().Line();
        Begin();
        string noTask = _isTask ? $" ?? throw new global::System.InvalidOperationException(\"{method.WireName} returned null in place of a task.\")" : string.Empty;
        string generic = method.Result is null ? string.Empty : $"<{ResultType}>";
        bool detaches = method.Result is { } type && values.NeedsDetach(type);
        code.Line($"{ValueTask} settled;").Open("try");
        code.Line($"{method.ReturnCode} pending = inside.{Shapes.NameOf(method)}({Arguments("token.Token")}){noTask};");
        string pending = _isTask ? $"new {ValueTask}(pending)" : "pending";
        code.Line(EndSample);
        code.Line($"settled = this.Settled({(detaches ? $"Detached{_index}({pending})" : pending)}, entry, {_index}, token, {Caller});").Close();
        code.Open("catch (global::System.Exception thrown)").Line(EndSample).Line("token.Return();");
        code.Line($"settled = global::System.Threading.Tasks.ValueTask.FromException{generic}(this.Caught(entry, {_index}, thrown, {Caller}));").Close().Line();
        code.Line($"return this.Finish{_index}(settled{(method.Lends ? ", lent" : string.Empty)}, token, {Caller}){(_isTask ? ".AsTask()" : string.Empty)};");
        code.Close().Line();
        Finish();
        AsyncGuardMethod plain = new(code, contract, method, values);
        plain.EmitElsewhere();
        plain.EmitDetached();
    }

    private void Begin()
    {
        if (method.Lends)
        {
            code.Line($"{Shapes.Invocation}LentArguments lent = this.Lend();");
        }

        string rent = _givesSequence ? "RentLease" : "Rent";
        code.Line(_signature.Token is null
            ? $"{Shapes.Invocation}CallToken token = default;"
            : $"{Shapes.Invocation}CallToken token = {Shapes.Invocation}CallToken.{rent}({_signature.Token});");
        code.Line($"{Shapes.Invocation}CallSample sample = BeginSample();");
    }

    private void Finish()
    {
        string lent = method.Lends ? $", {Shapes.Invocation}LentArguments lent" : string.Empty;
        code.Open($"private async {ValueTask} Finish{_index}({ValueTask} settled{lent}, {Shapes.Invocation}CallToken token, {Shapes.Token} caller)");
        if (!method.Lends && !_givesSequence)
        {
            Settle();
            code.Close().Line();
            return;
        }

        code.Open("try");
        Settle();
        code.Close();
        if (_givesSequence)
        {
            code.Open("catch").Line("token.Drop();").Line("throw;").Close();
        }

        if (method.Lends)
        {
            code.Open("finally").Line("await lent.EndAsync().ConfigureAwait(false);").Close();
        }

        code.Close().Line();
    }

    private void Settle() => code.Line(method.Result is null
        ? "await settled.ConfigureAwait(false);"
        : $"return {(method.GivesLease ? Given("await settled.ConfigureAwait(false)") : "await settled.ConfigureAwait(false)")};");

    // What the caller gets of a result.
    private string Given(string result) => method.Result switch
    {
        { Shape: TypeShape.ContractObject } type => $"this.LeaseObject({result}, {values.Descriptor(type)})",
        { Shape: TypeShape.Stream } => $"this.LeaseStream({_index}, {result}, token, caller)",
        { Shape: TypeShape.AsyncSequence } type => $"this.LeaseSequence({_index}, {result}, token, {values.DetachFunction(type.Items[0])}, caller)",
        { } type => values.Detach(type, result, isTwice: false),
        null => result,
    };

    // What the callee gets of the arguments.
    private string Arguments(string token) => string.Join(", ", _signature.Named.Select(n => n.Model.Type switch
    {
        null => token,
        { Shape: TypeShape.Progress } type => $"lent.Progress({n.Name}, {values.DetachFunction(type.Items[0])})",
        { Shape: TypeShape.AsyncSequence } type => $"lent.Sequence({n.Name}, {values.DetachFunction(type.Items[0])})",
        { Shape: TypeShape.Stream } => $"lent.Stream({n.Name})",
        { Shape: TypeShape.ContractObject, IsCallScoped: true } type => $"lent.Object({n.Name}, {values.Descriptor(type)})",
        { Shape: TypeShape.ContractObject } type => $"this.LendObject({n.Name}, {values.Descriptor(type)})",
        _ => n.Name,
    }));
}
