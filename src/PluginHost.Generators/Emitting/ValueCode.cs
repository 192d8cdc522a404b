using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>The C# text that writes, reads or copies one value, where it is used.</summary>
/// <param name="prefix">What stands before the names of the readers and writers: nothing inside their own class.</param>
/// <param name="detach">Which types must be copied before they cross in-process.</param>
internal sealed class ValueCode(string prefix, DetachRules detach)
{
    /// <summary>Writes the statements that write a value.</summary>
    /// <param name="code">Takes the text.</param>
    /// <param name="type">The value's type.</param>
    /// <param name="value">The value in C#.</param>
    /// <param name="owner">For messages: the type or method.</param>
    /// <param name="member">For messages: the member or parameter.</param>
    public void Write(CodeWriter code, TypeRef type, string value, string owner, string member)
    {
        if (type.Shape == TypeShape.Nullable)
        {
            code.Open($"if ({value}.HasValue)");
            Write(code, type.Items[0], $"{value}.GetValueOrDefault()", owner, member);
            code.Close().Open("else").Line("writer.WriteNull();").Close();
        }
        else if (!type.IsReference)
        {
            code.Line(Statement(type, value));
        }
        else if (!type.IsNullable)
        {
            code.Line(Statement(type, $"{value} ?? throw {Null(owner, member)}"));
        }
        else if (type.Shape == TypeShape.String)
        {
            code.Line($"writer.WriteString({value});");
        }
        else
        {
            code.Open($"if ({value} is null)").Line("writer.WriteNull();").Close();
            code.Open("else").Line(Statement(type, value)).Close();
        }
    }

    /// <summary>An expression that reads a value from <c>reader</c>.</summary>
    public string Read(TypeRef type, string owner, string member)
    {
        if (type.Shape == TypeShape.Nullable)
        {
            return $"reader.TryReadNull() ? null : ({type.Code})({Read(type.Items[0], owner, member)})";
        }

        string read = Expression(type);
        return type.IsReference && !type.IsNullable ? $"{read} ?? throw {Null(owner, member)}" : read;
    }

    /// <summary>An expression that copies what a plugin's type may hide behind; the value itself where nothing can.</summary>
    /// <param name="type">The value's type.</param>
    /// <param name="value">The value in C#.</param>
    /// <param name="isTwice">True where <paramref name="value"/> may be evaluated twice.</param>
    public string Detach(TypeRef type, string value, bool isTwice = true)
    {
        if (!detach.Needs(type))
        {
            return value;
        }

        if (type.Shape == TypeShape.Nullable)
        {
            return isTwice
                ? $"({value}.HasValue ? {Detach(type.Items[0], value + ".GetValueOrDefault()")} : null)"
                : $"({value} is {{ }} given ? {Detach(type.Items[0], "given")} : null)";
        }

        if (!type.IsReference)
        {
            return $"{prefix}Detach_{type.Id}({value})";
        }

        return isTwice
            ? $"({value} is null ? null! : {prefix}Detach_{type.Id}({value}))"
            : $"({value} is {{ }} given ? {prefix}Detach_{type.Id}(given) : null!)";
    }

    public bool NeedsDetach(TypeRef type) => detach.Needs(type);

    /// <summary>A function that copies an item of a sequence or a report; null where nothing needs to be copied.</summary>
    public string DetachFunction(TypeRef item) => detach.Needs(item) ? $"static item => {Detach(item, "item")}" : "null";

    /// <summary>The descriptor of a contract.</summary>
    public string Descriptor(TypeRef type) => type.Descriptor.Length > 0 ? type.Descriptor : $"{prefix}Contract_{type.Id}.Instance";

    /// <summary>The struct that writes and reads items of one type.</summary>
    public string Codec(TypeRef item) => $"{prefix}Codec_{item.NullableId}";

    private string Null(string owner, string member) => $"{prefix}Null({Shapes.Quote(owner)}, {Shapes.Quote(member)})";

    private string Statement(TypeRef type, string value) => type.Shape switch
    {
        TypeShape.Boolean => $"writer.WriteBoolean({value});",
        TypeShape.SByte or TypeShape.Byte or TypeShape.Int16 or TypeShape.UInt16 or TypeShape.Int32 or TypeShape.UInt32 or TypeShape.Int64
            => $"writer.WriteInt64({value});",
        TypeShape.UInt64 => $"writer.WriteUInt64({value});",
        TypeShape.Enum => type.Items[0].Shape == TypeShape.UInt64 ? $"writer.WriteUInt64((ulong)({value}));" : $"writer.WriteInt64((long)({value}));",
        TypeShape.Bytes => $"writer.WriteBinary({value});",
        TypeShape.Memory or TypeShape.ReadOnlyMemory => $"writer.WriteBinary(({value}).Span);",
        TypeShape.DateOnly or TypeShape.TimeOnly => $"writer.WriteString(({value}).ToString(\"O\", global::System.Globalization.CultureInfo.InvariantCulture));",
        TypeShape.Uri => $"writer.WriteString(({value}).OriginalString);",
        TypeShape.Version => $"writer.WriteString(({value}).ToString());",
        <= TypeShape.TimeSpan => $"writer.Write{type.Shape}({value});",
        TypeShape.MemoryOwner => $"writer.WriteBinary(({value}).Memory.Span);",
        TypeShape.Stream => $"writer.Leases.WriteStream(ref writer, {value});",
        TypeShape.Progress => $"writer.Leases.WriteProgress<TWriter, {type.Items[0].Type}, {Codec(type.Items[0])}>(ref writer, {value});",
        TypeShape.AsyncSequence => $"writer.Leases.WriteSequence<TWriter, {type.Items[0].Type}, {Codec(type.Items[0])}>(ref writer, {value});",
        TypeShape.ContractObject =>
            $"writer.Leases.WriteObject(ref writer, {value}, {Descriptor(type)}, {Shapes.Invocation}ObjectLifetime.{(type.IsCallScoped ? "Call" : "Explicit")});",
        _ => $"{prefix}Write_{type.Id}(ref writer, {value});",
    };

    private string Expression(TypeRef type) => type.Shape switch
    {
        TypeShape.Boolean or TypeShape.Int32 or TypeShape.Int64 or TypeShape.UInt64 => $"reader.Read{type.Shape}()",
        TypeShape.Enum => $"({type.Code})({Expression(type.Items[0])})",
        TypeShape.Bytes => "reader.ReadBinary()",
        >= TypeShape.Single and <= TypeShape.TimeSpan => $"reader.Read{type.Shape}()",
        TypeShape.MemoryOwner => "reader.ReadMemoryOwner()",
        TypeShape.Stream => "reader.Leases.ReadStream(ref reader)",
        TypeShape.Progress => $"reader.Leases.ReadProgress<TReader, {type.Items[0].Type}, {Codec(type.Items[0])}>(ref reader)",
        TypeShape.AsyncSequence => $"reader.Leases.ReadSequence<TReader, {type.Items[0].Type}, {Codec(type.Items[0])}>(ref reader)",
        TypeShape.ContractObject => $"({type.Code}?)reader.Leases.ReadObject(ref reader, {Descriptor(type)})",
        _ => $"{prefix}Read_{type.Id}(ref reader)",
    };
}
