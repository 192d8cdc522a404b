using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits what the application holds of an in-process plugin.</summary>
internal static class GuardEmitter
{
    private const string Pooled = "[global::System.Runtime.CompilerServices.AsyncMethodBuilder(typeof(global::System.Runtime.CompilerServices.PoolingAsyncValueTaskMethodBuilder";

    public static void Emit(CodeWriter code, ContractModel contract, ValueCode values)
    {
        code.Line($"/// <summary>What the application holds of a plugin that implements {contract.FullName}.</summary>");
        code.Line(CodeWriter.Stamp);
        code.Open($"internal sealed class {contract.Name}Guard : {Shapes.Invocation}Guard<{contract.InterfaceCode}>, {contract.InterfaceCode}, global::System.IDisposable, global::System.IAsyncDisposable");
        code.Line($"public {contract.Name}Guard({Shapes.Invocation}GuardSite site)").Line("    : base(site)").Begin().Close().Line();
        code.Line($"public override {Shapes.Invocation}ContractDescriptor Contract => {contract.Name}Contract.Instance;");
        foreach (MethodModel method in contract.Methods)
        {
            code.Line();
            if (method.HasLeases)
            {
                new LeaseGuardMethod(code, contract, method, values).Emit();
            }
            else if (method.IsAsync)
            {
                new AsyncGuardMethod(code, contract, method, values).Emit();
            }
            else
            {
                Synchronous(code, contract, method, values);
            }
        }

        code.Line().Line("void global::System.IDisposable.Dispose() => this.Release();").Line();
        code.Line("global::System.Threading.Tasks.ValueTask global::System.IAsyncDisposable.DisposeAsync() => this.ReleaseAsync();").Line();
        ErrorEmitter.EmitRebuild(code, contract);
        code.Close();
    }

    /// <summary>Emits the copies of arguments that the plugin must not get as they are.</summary>
    public static void DetachArguments(CodeWriter code, Signature signature, ValueCode values)
    {
        List<(ParameterModel Model, string Name)> copied = [.. signature.Named.Where(n => n.Model.Type is not null && values.NeedsDetach(n.Model.Type))];
        if (copied.Count == 0)
        {
            return;
        }

        // Before the call is counted in: what fails here is the caller's own collection.
        code.Open("if (this.Inside is not null)");
        foreach ((ParameterModel model, string name) in copied)
        {
            code.Line($"{name} = {values.Detach(model.Type!, name)};");
        }

        code.Close().Line();
    }

    /// <summary>The attribute that makes an async method reuse its state.</summary>
    public static string PooledBuilder(bool hasResult) => Pooled + (hasResult ? "<>))]" : "))]");

    private static void Synchronous(CodeWriter code, ContractModel contract, MethodModel method, ValueCode values)
    {
        Signature signature = new(method);
        string index = method.Index.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string arguments = signature.Named.Count == 0 ? string.Empty : ", " + string.Join(", ", signature.Named.Select(n => n.Name));
        string parameters = signature.Parameters.Length == 0 ? string.Empty : ", " + signature.Parameters;
        bool isVoid = method.Result is null;
        string give = isVoid ? string.Empty : "return ";

        code.Open(signature.Head);
        DetachArguments(code, signature, values);
        code.Line($"{Shapes.Invocation}CallEntry entry = this.Enter({index});");
        code.Line($"{contract.InterfaceCode}? inside = this.Inside;");
        code.Open("if (inside is null)");
        code.Line($"{give}this.Elsewhere(entry, {index}).{Shapes.NameOf(method)}({signature.ArgumentsWith(signature.Token ?? "default")});");
        if (isVoid)
        {
            code.Line("return;");
        }

        code.Close().Line();
        code.Open("if (this.IsSampled(entry))").Line($"{give}this.Sampled{index}(inside, entry{arguments});");
        if (isVoid)
        {
            code.Line("return;");
        }

        code.Close().Line();
        Body(code, method, signature, values, isSampled: false);
        code.Close().Line();
        code.Open($"private {method.ReturnCode} Sampled{index}({contract.InterfaceCode} inside, {Shapes.Invocation}CallEntry entry{parameters})");
        Body(code, method, signature, values, isSampled: true);
        code.Close();
    }

    private static void Body(CodeWriter code, MethodModel method, Signature signature, ValueCode values, bool isSampled)
    {
        string caller = signature.Token ?? "default";
        if (signature.Token is not null)
        {
            code.Line($"{Shapes.Invocation}CallToken token = {Shapes.Invocation}CallToken.Rent({signature.Token});");
        }

        if (isSampled)
        {
            code.Line($"{Shapes.Invocation}CallSample sample = BeginSample();");
        }

        string call = $"inside.{Shapes.NameOf(method)}({signature.ArgumentsWith("token.Token")})";
        if (method.Result is { } type)
        {
            code.Line($"{type.Type} result;");
            call = "result = " + values.Detach(type, call, isTwice: false);
        }

        code.Open("try").Line(call + ";").Close();
        code.Open("catch (global::System.Exception thrown)");
        if (isSampled)
        {
            code.Line($"this.EndSample({method.Index}, in sample, isComplete: false);");
        }

        if (signature.Token is not null)
        {
            code.Line("token.Return();");
        }

        code.Line($"throw this.Caught(entry, {method.Index}, thrown, {caller});").Close().Line();
        if (isSampled)
        {
            code.Line($"this.EndSample({method.Index}, in sample, isComplete: true);");
        }

        if (signature.Token is not null)
        {
            code.Line("token.Return();");
        }

        code.Line("Leave(entry);");
        if (method.Result is not null)
        {
            code.Line("return result;");
        }
    }
}
