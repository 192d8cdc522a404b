using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits an assembly's readers, writers and copiers: once for each type that its contracts reach.</summary>
internal static class ValuesEmitter
{
    public static string Emit(string assembly, IEnumerable<ContractModel> contracts)
    {
        List<DataModel> data = [.. contracts.SelectMany(c => c.Data).GroupBy(d => d.Type.Id).Select(g => g.First())];
        SortedDictionary<string, TypeRef> types = new(StringComparer.Ordinal);
        SortedDictionary<string, TypeRef> results = new(StringComparer.Ordinal);
        foreach (MethodModel method in contracts.SelectMany(c => c.Methods))
        {
            foreach (TypeRef? type in method.Parameters.Select(p => p.Type).Append(method.Result).Concat(
                method.Errors.SelectMany(e => e.Arguments).Select(a => (TypeRef?)a.Type)))
            {
                Collect(types, type);
            }

            if (method.Result is { } result)
            {
                results[result.NullableId] = result;
            }
        }

        foreach (MemberModel member in data.SelectMany(d => d.Members))
        {
            Collect(types, member.Type);
        }

        CodeWriter code = new();
        code.Namespace(Shapes.ValuesSpace(assembly));
        code.Line("/// <summary>Writes, reads and copies the data of this assembly's contracts, in any codec.</summary>");
        code.Line(CodeWriter.Stamp).Open("internal static class ContractValues");
        ValueCode values = new(string.Empty, new DetachRules(data));
        SupportEmitter.Emit(code, types.Values);
        foreach (TypeRef type in types.Values)
        {
            CollectionEmitter.Emit(code, values, type);
        }

        foreach (DataModel model in data.OrderBy(d => d.Type.Id, StringComparer.Ordinal))
        {
            DataEmitter.Emit(code, values, model);
        }

        EmitLeases(code, values, types.Values);
        code.Close();
        EmitResults(code, results.Values);
        return code.ToString();
    }

    private static void EmitLeases(CodeWriter code, ValueCode values, IEnumerable<TypeRef> types)
    {
        SortedDictionary<string, TypeRef> items = new(StringComparer.Ordinal);
        foreach (TypeRef item in types.Where(t => t.Shape is TypeShape.Progress or TypeShape.AsyncSequence).Select(t => t.Items[0]))
        {
            items[item.NullableId] = item;
        }

        foreach (TypeRef item in items.Values)
        {
            code.Line().Open($"internal readonly struct Codec_{item.NullableId} : {Shapes.Invocation}IValueCodec<{item.Type}>");
            code.Line($"public static void Write<TWriter>(ref TWriter writer, {item.Type} value)").Open($"    {Shapes.WriterBound}");
            values.Write(code, item, "value", "An item", item.Display);
            code.Close().Line();
            code.Line($"public static {item.Type} Read<TReader>(ref TReader reader)").Open($"    {Shapes.ReaderBound}");
            code.Line($"return {values.Read(item, "An item", item.Display)};").Close().Close();
        }

        foreach (TypeRef contract in types.Where(t => t.Shape == TypeShape.ContractObject && t.Descriptor.Length == 0))
        {
            code.Line().Open($"internal static class Contract_{contract.Id}");
            code.Line($"internal static readonly {Shapes.Invocation}ContractDescriptor Instance =");
            code.Line($"    {Shapes.Invocation}ContractDescriptor.Find(typeof({contract.Code}))");
            code.Line($"    ?? throw new global::System.InvalidOperationException(\"The assembly of {contract.Display} was compiled without the contracts' generator.\");");
            code.Close();
        }
    }

    private static void Collect(SortedDictionary<string, TypeRef> types, TypeRef? type)
    {
        if (type is null)
        {
            return;
        }

        types[type.Id] = type;
        foreach (TypeRef item in type.Items)
        {
            Collect(types, item);
        }
    }

    private static void EmitResults(CodeWriter code, IEnumerable<TypeRef> results)
    {
        ValueCode values = new("ContractValues.", new DetachRules([]));
        code.Line().Line("/// <summary>The result of a method that returns nothing.</summary>");
        code.Line(CodeWriter.Stamp).Open($"internal readonly struct NothingResult : {Shapes.Invocation}IResult");
        code.Line("public void Write<TWriter>(ref TWriter writer)").Open($"    {Shapes.WriterBound}").Line("writer.WriteNull();").Close();
        code.Close();
        foreach (TypeRef type in results)
        {
            code.Line().Line($"/// <summary>A result of the type {Escape(type.Display)}.</summary>");
            code.Line(CodeWriter.Stamp).Open($"internal readonly struct {type.NullableId}Result : {Shapes.Invocation}IResult");
            code.Line($"private readonly {type.Type} _value;").Line();
            code.Line($"public {type.NullableId}Result({type.Type} value) => _value = value;").Line();
            code.Line("public void Write<TWriter>(ref TWriter writer)").Open($"    {Shapes.WriterBound}");
            values.Write(code, type, "_value", "The result", type.Display);
            code.Close().Close();
        }
    }

    private static string Escape(string text) => text.Replace("<", "{").Replace(">", "}");
}
