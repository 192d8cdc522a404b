using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits what the other readers and writers need: narrow integers, types that travel as text, and dictionary keys.</summary>
internal static class SupportEmitter
{
    private const string Invariant = "global::System.Globalization.CultureInfo.InvariantCulture";

    public static void Emit(CodeWriter code, IEnumerable<TypeRef> types)
    {
        code.Lines($"""
            internal static {Shapes.FormatException} Null(string type, string member) =>
                new(type + ": '" + member + "' is null, and its type does not allow that.");
            """);
        foreach (TypeRef type in types)
        {
            switch (type.Shape)
            {
                case TypeShape.SByte or TypeShape.Byte or TypeShape.Int16 or TypeShape.UInt16 or TypeShape.UInt32:
                    Narrow(code, type);
                    break;
                case TypeShape.DateOnly or TypeShape.TimeOnly:
                    Text(code, type, "null is no value of it", $"{type.Code}.TryParseExact(text, \"O\", {Invariant}, global::System.Globalization.DateTimeStyles.None, out {type.Code} value)");
                    break;
                case TypeShape.Uri:
                    Text(code, type, null, $"{type.Code}.TryCreate(text, global::System.UriKind.RelativeOrAbsolute, out {type.Code}? value)");
                    Detach(code, type, $"value.GetType() == typeof({type.Code}) ? value : new {type.Code}(value.OriginalString, global::System.UriKind.RelativeOrAbsolute)");
                    break;
                case TypeShape.Version:
                    Text(code, type, null, $"{type.Code}.TryParse(text, out {type.Code}? value)");
                    break;
                case TypeShape.MemoryOwner:
                    Detach(code, type, $"{Shapes.Invocation}OwnedMemory.Detach(value)");
                    break;
                case TypeShape.Memory or TypeShape.ReadOnlyMemory:
                    Function(code, type.Code, type).Open($"    {Shapes.ReaderBound}")
                        .Line($"return reader.TryReadNull() ? throw Null({Shapes.Quote(type.Display)}, \"value\") : reader.ReadMemory();").Close();
                    Detach(code, type, "global::System.Runtime.InteropServices.MemoryMarshal.TryGetArray(value, out global::System.ArraySegment<byte> _) ? value : value.ToArray()");
                    break;
            }
        }
    }

    /// <summary>The statement that writes a dictionary's key.</summary>
    public static string WriteKey(TypeRef key, string value) => key.Shape switch
    {
        TypeShape.String => $"writer.WriteKey({value});",
        TypeShape.Guid => $"writer.WriteKey({value}.ToString());",
        TypeShape.Enum => $"writer.WriteKey((({key.Items[0].Code}){value}).ToString({Invariant}));",
        _ => $"writer.WriteKey({value}.ToString({Invariant}));",
    };

    /// <summary>The statements that read a dictionary's key from <c>name</c> into <c>key</c>.</summary>
    public static void ReadKey(CodeWriter code, TypeRef key, string owner)
    {
        const string Decoded = "global::System.Text.Encoding.UTF8.GetString(name)";
        TypeRef number = key.Shape == TypeShape.Enum ? key.Items[0] : key;
        if (key.Shape == TypeShape.String)
        {
            code.Line($"string key = {Decoded};");
            return;
        }

        string parse = key.Shape == TypeShape.Guid
            ? $"global::System.Guid.TryParse({Decoded}, out global::System.Guid parsed)"
            : $"{number.Code}.TryParse(name, global::System.Globalization.NumberStyles.AllowLeadingSign, {Invariant}, out {number.Code} parsed)";
        code.Open($"if (!{parse})")
            .Line($"throw {Shapes.FormatException}.OutOfRange({Shapes.Quote("a key of " + owner)}, {Decoded});")
            .Close().Line();
        code.Line(key.Shape == TypeShape.Enum ? $"{key.Code} key = ({key.Code})parsed;" : $"{key.Code} key = parsed;");
    }

    private static void Narrow(CodeWriter code, TypeRef type)
    {
        string wide = type.Shape == TypeShape.UInt32 ? "Int64" : "Int32";
        string wideCode = type.Shape == TypeShape.UInt32 ? "long" : "int";
        Function(code, type.Code, type).Open($"    {Shapes.ReaderBound}")
            .Line($"{wideCode} value = reader.Read{wide}();")
            .Line($"return value is >= {type.Code}.MinValue and <= {type.Code}.MaxValue")
            .Line($"    ? ({type.Code})value")
            .Line($"    : throw {Shapes.FormatException}.OutOfRange(\"{type.Code}\", value);")
            .Close();
    }

    private static void Text(CodeWriter code, TypeRef type, string? onNull, string parse)
    {
        Function(code, onNull is null ? type.Code + "?" : type.Code, type).Open($"    {Shapes.ReaderBound}");
        code.Line("string? text = reader.ReadString();");
        code.Open("if (text is null)")
            .Line(onNull is null ? "return null;" : $"throw {Shapes.FormatException}.OutOfRange(\"{type.Display}\", \"null\");")
            .Close().Line();
        code.Line($"return {parse} ? value : throw {Shapes.FormatException}.OutOfRange(\"{type.Display}\", text);").Close();
    }

    private static void Detach(CodeWriter code, TypeRef type, string copy) =>
        code.Line().Line($"internal static {type.Code} Detach_{type.Id}({type.Code} value) =>").Line($"    {copy};");

    private static CodeWriter Function(CodeWriter code, string result, TypeRef type) =>
        code.Line().Line($"internal static {result} Read_{type.Id}<TReader>(ref TReader reader)");
}
