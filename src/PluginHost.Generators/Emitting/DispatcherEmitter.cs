using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits the callee's side: a switch over the methods, with a reader of arguments for each.</summary>
internal static class DispatcherEmitter
{
    public static void Emit(CodeWriter code, ContractModel contract, ValueCode values, string valuesPrefix)
    {
        code.Line($"/// <summary>Reads the arguments of calls to {contract.FullName} and makes them.</summary>");
        code.Line(CodeWriter.Stamp).Open($"internal sealed class {contract.Name}Dispatcher : {Shapes.Invocation}Dispatcher");
        code.Line($"private readonly {contract.InterfaceCode} _target;").Line();
        code.Line($"public {contract.Name}Dispatcher({contract.InterfaceCode} target) => _target = target;").Line();
        code.Line($"public override {Shapes.Invocation}ContractDescriptor Contract => {contract.Name}Contract.Instance;").Line();
        Find(code, contract);
        code.Line($"public override global::System.Threading.Tasks.ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, {Shapes.Invocation}Reply reply, {Shapes.Token} cancellationToken)");
        code.Open("    => method switch");
        foreach (MethodModel method in contract.Methods)
        {
            code.Line($"{method.Index} => this.Invoke{method.Index}(ref arguments, reply, cancellationToken),");
        }

        code.Line("_ => throw new global::System.ArgumentOutOfRangeException(nameof(method), method, \"Not an index of this contract's methods.\"),");
        code.Close(";").Line();
        ErrorEmitter.EmitFind(code, contract);
        foreach (MethodModel method in contract.Methods)
        {
            Invoke(code, method, values, valuesPrefix);
        }

        code.Close();
    }

    private static void Find(CodeWriter code, ContractModel contract)
    {
        // A method's own name goes before another's second spelling.
        HashSet<string> names = [.. contract.Methods.Select(m => m.WireName)];
        List<(string Name, int Index)> spellings = [.. contract.Methods.Select(m => (m.WireName, m.Index))];
        spellings.AddRange(contract.Methods.Where(m => m.AlternateWireName is not null && names.Add(m.AlternateWireName)).Select(m => (m.AlternateWireName!, m.Index)));
        code.Open("public override int Find(global::System.ReadOnlySpan<byte> utf8WireName)");
        if (spellings.Count > 0)
        {
            code.Open("switch (utf8WireName.Length)");
            foreach (IGrouping<int, (string Name, int Index)> group in spellings.GroupBy(s => Shapes.Utf8Length(s.Name)).OrderBy(g => g.Key))
            {
                code.Open($"case {group.Key}:");
                foreach ((string name, int index) in group)
                {
                    code.Open($"if (global::System.MemoryExtensions.SequenceEqual(utf8WireName, {Shapes.Utf8(name)}))").Line($"return {index};").Close().Line();
                }

                code.Line("break;").Close();
            }

            code.Close().Line();
        }

        code.Line("return -1;").Close().Line();
    }

    private static void Invoke(CodeWriter code, MethodModel method, ValueCode values, string valuesPrefix)
    {
        code.Line().Line($"private global::System.Threading.Tasks.ValueTask Invoke{method.Index}<TReader>(ref TReader reader, {Shapes.Invocation}Reply reply, {Shapes.Token} cancellationToken)");
        code.Open($"    {Shapes.ReaderBound}");
        List<MemberModel> members = [.. method.Parameters.Where(p => p.Type is not null).Select(p =>
            new MemberModel(p.Name, p.WireName, p.Type!, true, p.DefaultCode is null, false, p.DefaultCode))];
        ArgumentsEmitter.Emit(code, values, method.WireName, members);
        code.Line("reply.ArgumentsRead();");
        List<string> arguments = [.. members.Select(DataEmitter.Local)];
        if (members.Count < method.Parameters.Count)
        {
            arguments.Add(method.Result is { Shape: TypeShape.AsyncSequence or TypeShape.Stream } ? "reply.LeaseToken" : "cancellationToken");
        }

        string call = $"this._target.{Shapes.NameOf(method)}({string.Join(", ", arguments)})";
        string nothing = $"default({valuesPrefix}NothingResult)";
        switch (method.Shape)
        {
            case ResultShape.Void:
                code.Line(call + ";").Line($"reply.Send({nothing});").Line("return default;").Close();
                return;
            case ResultShape.Value or ResultShape.Sequence:
                Send(code, method, valuesPrefix, call);
                code.Line("return default;").Close();
                return;
        }

        bool isTask = method.Shape is ResultShape.Task or ResultShape.TaskOf;
        string noTask = isTask ? $" ?? throw new global::System.InvalidOperationException(\"{method.WireName} returned null in place of a task.\")" : string.Empty;
        code.Line($"{method.ReturnCode} pending = {call}{noTask};");
        code.Open("if (pending.IsCompletedSuccessfully)");
        Send(code, method, valuesPrefix, method.Result is null ? "pending.GetAwaiter().GetResult()" : "pending.Result");
        if (method.Result is null)
        {
            code.Line($"reply.Send({nothing});");
        }

        code.Line("return default;").Close().Line();
        code.Line($"return Await{method.Index}(pending, reply);").Close().Line();
        code.Line(GuardEmitter.PooledBuilder(hasResult: false));
        code.Open($"private static async global::System.Threading.Tasks.ValueTask Await{method.Index}({method.ReturnCode} pending, {Shapes.Invocation}Reply reply)");
        Send(code, method, valuesPrefix, "await pending.ConfigureAwait(false)");
        if (method.Result is null)
        {
            code.Line($"reply.Send({nothing});");
        }

        code.Close();
    }

    private static void Send(CodeWriter code, MethodModel method, string valuesPrefix, string result)
    {
        if (method.Result is not { } type)
        {
            code.Line($"{result};");
            return;
        }

        if (type.Shape == TypeShape.MemoryOwner)
        {
            // The caller owns what it gets, and this is what it was made of.
            code.Line($"using {type.Type} owned = {result};");
            result = "owned";
        }

        code.Line($"reply.Send(new {valuesPrefix}{type.NullableId}Result({result}));");
    }
}
