using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits the remote caller's side: the proxy, and a struct for each method that writes its arguments and reads its answer.</summary>
internal static class ProxyEmitter
{
    public static void Emit(CodeWriter code, ContractModel contract, ValueCode values)
    {
        code.Line($"/// <summary>Calls {contract.FullName} wherever it is.</summary>");
        code.Line(CodeWriter.Stamp).Open($"internal sealed class {contract.Name}Proxy : {contract.InterfaceCode}, global::System.IDisposable, global::System.IAsyncDisposable");
        code.Line($"private readonly {Shapes.Invocation}IInvoker _invoker;").Line();
        code.Line($"public {contract.Name}Proxy({Shapes.Invocation}IInvoker invoker) => _invoker = invoker;");
        foreach (MethodModel method in contract.Methods)
        {
            Signature signature = new(method);
            string call = Shapes.CallOf(contract, method);
            string arguments = $"new {call}({signature.ValueArguments}), {signature.Token ?? "default"}";
            string typed = $"this._invoker.InvokeAsync<{call}, {method.Result?.Type}>({arguments})";
            code.Line().Line(signature.Head + " =>");
            code.Line("    " + method.Shape switch
            {
                ResultShape.Void => $"this._invoker.Invoke<{call}, {Shapes.Invocation}NoResult>({arguments});",
                ResultShape.Value => $"this._invoker.Invoke<{call}, {method.Result!.Type}>({arguments});",
                ResultShape.Task => $"this._invoker.InvokeVoidAsync<{call}>({arguments}).AsTask();",
                ResultShape.ValueTask => $"this._invoker.InvokeVoidAsync<{call}>({arguments});",
                ResultShape.TaskOf => typed + ".AsTask();",
                ResultShape.Sequence => $"this._invoker.InvokeSequence<{call}, {method.Result!.Items[0].Type}>({arguments});",
                _ => typed + ";",
            });
        }

        code.Line().Line("void global::System.IDisposable.Dispose() => this._invoker.Release();").Line();
        code.Open("global::System.Threading.Tasks.ValueTask global::System.IAsyncDisposable.DisposeAsync()");
        code.Line("this._invoker.Release();").Line("return default;").Close();
        code.Close().Line();
        code.Line($"/// <summary>The calls of {contract.FullName}: how arguments are written and answers read.</summary>");
        code.Line(CodeWriter.Stamp).Open($"internal static class {contract.Name}Calls");
        for (int i = 0; i < contract.Methods.Count; i++)
        {
            if (i > 0)
            {
                code.Line();
            }

            EmitCall(code, contract, contract.Methods[i], values);
        }

        code.Close();
    }

    private static void EmitCall(CodeWriter code, ContractModel contract, MethodModel method, ValueCode values)
    {
        string call = method.Name + "Call";
        string result = method.Result?.Type ?? Shapes.Invocation + "NoResult";
        List<ParameterModel> parameters = [.. method.Parameters.Where(p => p.Type is not null)];
        code.Line($"/// <summary>A call of {method.WireName}.</summary>");
        code.Open($"internal readonly struct {call} : {Shapes.Invocation}ICall<{result}>");
        for (int i = 0; i < parameters.Count; i++)
        {
            code.Line($"private readonly {parameters[i].Type!.Type} _{i};");
        }

        if (parameters.Count > 0)
        {
            code.Line().Open($"public {call}({string.Join(", ", parameters.Select((p, i) => $"{p.Type!.Type} value{i}"))})");
            for (int i = 0; i < parameters.Count; i++)
            {
                code.Line($"_{i} = value{i};");
            }

            code.Close().Line();
        }

        code.Line($"public static {Shapes.Invocation}ContractMethod Method => {contract.Name}Contract.Method{method.Index};").Line();
        int key = parameters.FindIndex(p => p.IsPartitionKey);
        if (key >= 0)
        {
            code.Line("public static bool HasPartition => true;").Line();
            code.Line($"public ulong Partition => {PartitionKeys.CodeOf(parameters[key].Type!, $"_{key}")};").Line();
        }

        code.Line("public void WriteArguments<TWriter>(ref TWriter writer)").Open($"    {Shapes.WriterBound}");
        code.Line($"writer.BeginArray({parameters.Count});");
        for (int i = 0; i < parameters.Count; i++)
        {
            values.Write(code, parameters[i].Type!, $"_{i}", method.WireName, parameters[i].WireName);
        }

        code.Line("writer.EndArray();").Close().Line();
        code.Line($"public static {result} ReadResult<TReader>(ref TReader reader)").Open($"    {Shapes.ReaderBound}");
        if (method.Result is { } type)
        {
            code.Line($"return {values.Read(type, method.WireName, "result")};");
        }
        else
        {
            code.Line("reader.Skip();").Line("return default;");
        }

        code.Close().Line();
        code.Line("public static global::System.Exception? ReadError<TReader>(string type, ref TReader reader)").Open($"    {Shapes.ReaderBound}");
        code.Open("switch (type)");
        foreach (ErrorModel error in method.Errors)
        {
            code.Line($"case {Shapes.Quote(error.FullName)}:").Line($"    return {contract.Name}Errors.Read_{error.Id}(ref reader);");
        }

        code.Line("default:").Line("    return null;").Close().Close().Close();
    }
}
