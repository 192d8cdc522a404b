using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits the writer, reader and copier of one collection or tuple type.</summary>
internal static class CollectionEmitter
{
    public static void Emit(CodeWriter code, ValueCode values, TypeRef type)
    {
        switch (type.Shape)
        {
            case TypeShape.Array or TypeShape.List or TypeShape.ImmutableArray or TypeShape.Sequence:
                WriteItems(code, values, type);
                ReadItems(code, values, type);
                DetachItems(code, values, type);
                break;
            case TypeShape.Dictionary or TypeShape.Map:
                WriteEntries(code, values, type);
                ReadEntries(code, values, type);
                DetachEntries(code, values, type);
                break;
            case TypeShape.ValueTuple or TypeShape.Tuple:
                WriteTuple(code, values, type);
                ReadTuple(code, values, type);
                DetachTuple(code, values, type);
                break;
        }
    }

    /// <summary>Opens a writer's function.</summary>
    public static CodeWriter OpenWrite(CodeWriter code, TypeRef type) =>
        code.Line().Line($"internal static void Write_{type.Id}<TWriter>(ref TWriter writer, {type.Code} value)").Open($"    {Shapes.WriterBound}");

    /// <summary>Opens a reader's function; that of a reference type gives null for null.</summary>
    public static CodeWriter OpenRead(CodeWriter code, TypeRef type)
    {
        code.Line().Line($"internal static {type.Code}{(type.IsReference ? "?" : "")} Read_{type.Id}<TReader>(ref TReader reader)");
        code.Open($"    {Shapes.ReaderBound}");
        if (type.IsReference)
        {
            code.Open("if (reader.TryReadNull())").Line("return null;").Close().Line();
        }

        return code;
    }

    /// <summary>Opens a copier's function.</summary>
    public static CodeWriter OpenDetach(CodeWriter code, TypeRef type) =>
        code.Line().Open($"internal static {type.Code} Detach_{type.Id}({type.Code} value)");

    private static string ListOf(TypeRef item) => $"global::System.Collections.Generic.List<{item.Type}>";

    private static string DictionaryOf(TypeRef type) => $"global::System.Collections.Generic.Dictionary<{type.Items[0].Type}, {type.Items[1].Type}>";

    private static void WriteItems(CodeWriter code, ValueCode values, TypeRef type)
    {
        TypeRef item = type.Items[0];
        OpenWrite(code, type);
        string items = "value";
        if (type.Shape == TypeShape.Sequence)
        {
            // Counted once: a sequence may be lazy, and the count must be true.
            items = "items";
            code.Line($"{ListOf(item)} items = value as {ListOf(item)} ?? new {ListOf(item)}(value);");
        }
        else if (type.Shape == TypeShape.ImmutableArray)
        {
            code.Open("if (value.IsDefault)").Line($"value = {type.Code}.Empty;").Close().Line();
        }

        code.Line($"writer.BeginArray({items}.{(type.Shape is TypeShape.Array or TypeShape.ImmutableArray ? "Length" : "Count")});");
        code.Open($"foreach ({item.Type} item in {items})");
        values.Write(code, item, "item", type.Display, "item");
        code.Close().Line().Line("writer.EndArray();").Close();
    }

    private static void ReadItems(CodeWriter code, ValueCode values, TypeRef type)
    {
        TypeRef item = type.Items[0];
        OpenRead(code, type);
        code.Line($"{Shapes.Invocation}ValueScope scope = reader.BeginArray();");
        code.Line($"{ListOf(item)} items = new(scope.CapacityHint);");
        code.Open("while (reader.NextElement(ref scope))")
            .Line($"items.Add({values.Read(item, type.Display, "item")});")
            .Close().Line();
        code.Line(type.Shape switch
        {
            TypeShape.Array => "return items.ToArray();",
            TypeShape.ImmutableArray => "return global::System.Collections.Immutable.ImmutableArray.CreateRange(items);",
            _ => "return items;",
        }).Close();
    }

    private static void DetachItems(CodeWriter code, ValueCode values, TypeRef type)
    {
        if (!values.NeedsDetach(type))
        {
            return;
        }

        TypeRef item = type.Items[0];
        bool deep = values.NeedsDetach(item);
        OpenDetach(code, type);
        if (type.Shape == TypeShape.List && !deep)
        {
            code.Line($"return value.GetType() == typeof({type.Code}) ? value : new {type.Code}(value);").Close();
            return;
        }

        if (type.Shape == TypeShape.ImmutableArray)
        {
            code.Open("if (value.IsDefault)").Line("return value;").Close().Line();
        }

        if (!deep)
        {
            code.Line($"return new {ListOf(item)}(value);").Close();
            return;
        }

        code.Line($"{ListOf(item)} items = new();");
        code.Open($"foreach ({item.Type} item in value)").Line($"items.Add({values.Detach(item, "item")});").Close().Line();
        code.Line(type.Shape switch
        {
            TypeShape.Array => "return items.ToArray();",
            TypeShape.ImmutableArray => "return global::System.Collections.Immutable.ImmutableArray.CreateRange(items);",
            _ => "return items;",
        }).Close();
    }

    private static void WriteEntries(CodeWriter code, ValueCode values, TypeRef type)
    {
        TypeRef key = type.Items[0];
        TypeRef item = type.Items[1];
        OpenWrite(code, type);
        string entry = $"global::System.Collections.Generic.KeyValuePair<{key.Type}, {item.Type}>";
        if (type.Shape == TypeShape.Map)
        {
            code.Line($"{DictionaryOf(type)} entries = value as {DictionaryOf(type)} ?? ({DictionaryOf(type)})Detach_{type.Id}(value);");
        }

        string entries = type.Shape == TypeShape.Map ? "entries" : "value";
        code.Line($"writer.BeginMap({entries}.Count);");
        code.Open($"foreach ({entry} entry in {entries})").Line(SupportEmitter.WriteKey(key, "entry.Key"));
        values.Write(code, item, "entry.Value", type.Display, "value");
        code.Close().Line().Line("writer.EndMap();").Close();
    }

    private static void ReadEntries(CodeWriter code, ValueCode values, TypeRef type)
    {
        OpenRead(code, type);
        code.Line($"{Shapes.Invocation}ValueScope scope = reader.BeginMap();");
        code.Line($"{DictionaryOf(type)} entries = new(scope.CapacityHint);");
        code.Open("while (reader.NextName(ref scope, out global::System.ReadOnlySpan<byte> name))");
        SupportEmitter.ReadKey(code, type.Items[0], type.Display);
        code.Line($"entries[key] = {values.Read(type.Items[1], type.Display, "value")};").Close().Line();
        code.Line("return entries;").Close();
    }

    private static void DetachEntries(CodeWriter code, ValueCode values, TypeRef type)
    {
        TypeRef key = type.Items[0];
        TypeRef item = type.Items[1];
        OpenDetach(code, type);
        if (type.Shape == TypeShape.Dictionary && !values.NeedsDetach(item))
        {
            // A comparer is an object too, and is lost on the wire as well.
            code.Open($"if (value.GetType() == typeof({type.Code}) && ReferenceEquals(value.Comparer, global::System.Collections.Generic.EqualityComparer<{key.Type}>.Default))")
                .Line("return value;").Close().Line();
        }

        code.Line($"{DictionaryOf(type)} entries = new();");
        code.Open($"foreach (global::System.Collections.Generic.KeyValuePair<{key.Type}, {item.Type}> entry in value)")
            .Line($"entries[entry.Key] = {values.Detach(item, "entry.Value")};").Close().Line();
        code.Line("return entries;").Close();
    }

    private static void WriteTuple(CodeWriter code, ValueCode values, TypeRef type)
    {
        OpenWrite(code, type).Line($"writer.BeginArray({type.Items.Count});");
        for (int i = 0; i < type.Items.Count; i++)
        {
            values.Write(code, type.Items[i], $"value.Item{i + 1}", type.Display, $"Item{i + 1}");
        }

        code.Line("writer.EndArray();").Close();
    }

    private static void ReadTuple(CodeWriter code, ValueCode values, TypeRef type)
    {
        OpenRead(code, type).Line($"{Shapes.Invocation}ValueScope scope = reader.BeginArray();");
        for (int i = 0; i < type.Items.Count; i++)
        {
            TypeRef item = type.Items[i];
            code.Open("if (!reader.NextElement(ref scope))")
                .Line($"throw {Shapes.FormatException}.MissingMember({Shapes.Quote(type.Display)}, \"Item{i + 1}\");").Close().Line();
            code.Line($"{item.Type} item{i + 1} = {values.Read(item, type.Display, $"Item{i + 1}")};");
        }

        code.Open("if (reader.NextElement(ref scope))")
            .Line($"throw {Shapes.FormatException}.OutOfRange({Shapes.Quote(type.Display)}, \"An array of more than {type.Items.Count} items\");").Close().Line();
        code.Line($"return new {Create(type)}({string.Join(", ", Enumerable.Range(1, type.Items.Count).Select(i => $"item{i}"))});".Replace("return new (", "return (")).Close();
    }

    private static void DetachTuple(CodeWriter code, ValueCode values, TypeRef type)
    {
        if (!values.NeedsDetach(type))
        {
            return;
        }

        OpenDetach(code, type);
        if (type.Shape == TypeShape.Tuple && !type.Items.Any(values.NeedsDetach))
        {
            code.Open($"if (value.GetType() == typeof({type.Code}))").Line("return value;").Close().Line();
        }

        IEnumerable<string> items = type.Items.Select((item, i) => values.Detach(item, $"value.Item{i + 1}"));
        code.Line($"return new {Create(type)}({string.Join(", ", items)});".Replace("return new (", "return (")).Close();
    }

    // A tuple of several items is written as a literal, which also holds more than seven.
    private static string Create(TypeRef type) => type.Shape == TypeShape.ValueTuple && type.Items.Count > 1 ? string.Empty : type.Code;
}
