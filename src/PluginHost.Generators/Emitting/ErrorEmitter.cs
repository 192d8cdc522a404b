using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits what concerns declared errors: rebuilding them in-process, writing them, reading them.</summary>
internal static class ErrorEmitter
{
    /// <summary>Emits a contract's class of error readers, writers and copiers.</summary>
    public static void Emit(CodeWriter code, ContractModel contract, ValueCode values)
    {
        List<ErrorModel> errors = [.. contract.Methods.SelectMany(m => m.Errors).GroupBy(e => e.Id).Select(g => g.First())];
        if (errors.Count == 0)
        {
            return;
        }

        code.Line().Line($"/// <summary>Rebuilds, writes and reads the errors that {contract.FullName} declares.</summary>");
        code.Line(CodeWriter.Stamp).Open($"internal static class {contract.Name}Errors");
        for (int i = 0; i < errors.Count; i++)
        {
            ErrorModel error = errors[i];
            string create = $"new {error.Code}({string.Join(", ", error.Arguments.Select(a => values.Detach(a.Type, "thrown.@" + a.Name)))})";
            code.Line($"internal static {error.Code} Rebuild_{error.Id}({error.Code} thrown) =>").Line($"    {create};").Line();
            code.Line($"internal static void Write_{error.Id}<TWriter>(ref TWriter writer, {error.Code} thrown)").Open($"    {Shapes.WriterBound}");
            code.Line($"writer.BeginMap({error.Arguments.Count});");
            foreach (MemberModel argument in error.Arguments)
            {
                code.Line($"writer.WriteName({Shapes.Utf8(argument.WireName)});");
                values.Write(code, argument.Type, "thrown.@" + argument.Name, error.FullName, argument.WireName);
            }

            code.Line("writer.EndMap();").Close().Line();
            code.Line($"internal static {error.Code} Read_{error.Id}<TReader>(ref TReader reader)").Open($"    {Shapes.ReaderBound}");
            DataEmitter.Locals(code, error.Arguments);
            DataEmitter.ReadMembers(code, values, error.FullName, error.Arguments);
            code.Line($"return new {error.Code}({string.Join(", ", error.Arguments.Select(DataEmitter.Local))});").Close();
            if (i < errors.Count - 1)
            {
                code.Line();
            }
        }

        code.Close();
    }

    /// <summary>Emits a guard's way from a thrown exception to a host-owned one.</summary>
    public static void EmitRebuild(CodeWriter code, ContractModel contract)
    {
        code.Open("protected override global::System.Exception? RebuildError(int method, global::System.Exception thrown)");
        Switch(code, contract, "thrown", (e, name) => $"return {contract.Name}Errors.Rebuild_{e.Id}({name});");
        code.Line("return null;").Close();
    }

    /// <summary>Emits a dispatcher's two methods for errors.</summary>
    public static void EmitFind(CodeWriter code, ContractModel contract)
    {
        code.Open("public override string? FindError(int method, global::System.Exception exception)");
        Switch(code, contract, "exception", (e, _) => $"return {Shapes.Quote(e.FullName)};", needsValue: false);
        code.Line("return null;").Close().Line();
        code.Open("public override void WriteError<TWriter>(int method, global::System.Exception exception, ref TWriter writer)");
        Switch(code, contract, "exception", (e, name) => $"{contract.Name}Errors.Write_{e.Id}(ref writer, {name});\nreturn;");
        code.Line("throw new global::System.ArgumentException(\"The method does not declare this error.\", nameof(exception), exception);").Close();
    }

    private static void Switch(CodeWriter code, ContractModel contract, string exception, Func<ErrorModel, string, string> statement, bool needsValue = true)
    {
        List<MethodModel> methods = [.. contract.Methods.Where(m => m.Errors.Count > 0)];
        if (methods.Count == 0)
        {
            return;
        }

        code.Open("switch (method)");
        foreach (MethodModel method in methods)
        {
            code.Open($"case {method.Index}:");
            for (int i = 0; i < method.Errors.Count; i++)
            {
                ErrorModel error = method.Errors[i];
                string name = $"error{i}";
                code.Open($"if ({exception} is {error.Code}{(needsValue ? " " + name : string.Empty)})");
                code.Lines(statement(error, name)).Close().Line();
            }

            code.Line("break;").Close();
        }

        code.Close().Line();
    }
}
