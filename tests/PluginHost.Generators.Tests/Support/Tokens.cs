using System.Buffers;
using System.Globalization;
using System.Text;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Generators.Tests.Support;

/// <summary>One written value, header, end or name.</summary>
internal sealed record Token(string Kind, object? Value = null)
{
    public override string ToString() => Value is byte[] bytes ? $"{Kind}:{Convert.ToHexString(bytes)}" : string.Create(CultureInfo.InvariantCulture, $"{Kind}:{Value}");
}

/// <summary>A codec in memory: a list of tokens, with the counts of headers checked.</summary>
internal ref struct TokenWriter(List<Token> tokens) : IValueWriter
{
    public Leases Leases => throw new ValueFormatException("Tokens hold no leases.");

    public void WriteNull() => Add("null", null);

    public void WriteBoolean(bool value) => Add("bool", value);

    public void WriteInt64(long value) => Add("number", value);

    public void WriteUInt64(ulong value) => Add("number", value);

    public void WriteSingle(float value) => Add("number", value);

    public void WriteDouble(double value) => Add("number", value);

    public void WriteDecimal(decimal value) => Add("number", value);

    public void WriteString(string? value) => Add(value is null ? "null" : "string", value);

    public void WriteChar(char value) => Add("string", value.ToString());

    public void WriteBinary(ReadOnlySpan<byte> value) => Add("binary", value.ToArray());

    public void WriteGuid(Guid value) => Add("guid", value);

    public void WriteDateTime(DateTime value) => Add("date", value);

    public void WriteDateTimeOffset(DateTimeOffset value) => Add("offset", value);

    public void WriteTimeSpan(TimeSpan value) => Add("span", value);

    public void BeginArray(int count) => Add("[", count);

    public void EndArray() => Add("]", null);

    public void BeginMap(int count) => Add("{", count);

    public void EndMap() => Add("}", null);

    public void WriteName(ReadOnlySpan<byte> utf8Name) => Add("name", Encoding.UTF8.GetString(utf8Name));

    public void WriteKey(string key) => Add("name", key);

    private readonly void Add(string kind, object? value) => tokens.Add(new Token(kind, value));
}

/// <summary>Reads what a <see cref="TokenWriter"/> wrote; refuses everything of another kind.</summary>
internal ref struct TokenReader(List<Token> tokens) : IValueReader
{
    public Leases Leases => throw new ValueFormatException("Tokens hold no leases.");

    private int _at;
    private byte[] _name = [];

    /// <summary>True where everything was read.</summary>
    public readonly bool IsAtEnd => _at == tokens.Count;

    public readonly ValueKind Peek() => tokens[_at].Kind switch
    {
        "null" => ValueKind.Null,
        "bool" => ValueKind.Boolean,
        "number" => ValueKind.Number,
        "binary" => ValueKind.Binary,
        "[" => ValueKind.Array,
        "{" => ValueKind.Map,
        _ => ValueKind.String,
    };

    public bool TryReadNull()
    {
        bool isNull = tokens[_at].Kind == "null";
        _at += isNull ? 1 : 0;
        return isNull;
    }

    public bool ReadBoolean() => (bool)Take("bool")!;

    public long ReadInt64() => Number(v => Convert.ToInt64(v, CultureInfo.InvariantCulture));

    public ulong ReadUInt64() => Number(v => Convert.ToUInt64(v, CultureInfo.InvariantCulture));

    public int ReadInt32() => Number(v => Convert.ToInt32(v, CultureInfo.InvariantCulture));

    public float ReadSingle() => Number(v => Convert.ToSingle(v, CultureInfo.InvariantCulture));

    public double ReadDouble() => Number(v => Convert.ToDouble(v, CultureInfo.InvariantCulture));

    public decimal ReadDecimal() => Number(v => Convert.ToDecimal(v, CultureInfo.InvariantCulture));

    public string? ReadString() => TryReadNull() ? null : (string)Take("string")!;

    public char ReadChar() => ((string)Take("string")!)[0];

    public byte[]? ReadBinary() => TryReadNull() ? null : (byte[])Take("binary")!;

    public Memory<byte> ReadMemory() => ReadBinary();

    public IMemoryOwner<byte>? ReadMemoryOwner() => ReadBinary() is { } bytes ? new OwnedMemory(bytes) : null;

    public Guid ReadGuid() => (Guid)Take("guid")!;

    public DateTime ReadDateTime() => (DateTime)Take("date")!;

    public DateTimeOffset ReadDateTimeOffset() => (DateTimeOffset)Take("offset")!;

    public TimeSpan ReadTimeSpan() => (TimeSpan)Take("span")!;

    public ValueScope BeginArray() => new() { Remaining = (int)Take("[")! };

    public bool NextElement(ref ValueScope scope) => Next(ref scope, "]");

    public ValueScope BeginMap() => new() { Remaining = (int)Take("{")! };

    public bool NextName(ref ValueScope scope, out ReadOnlySpan<byte> utf8Name)
    {
        bool more = Next(ref scope, "}");
        _name = more ? Encoding.UTF8.GetBytes((string)Take("name")!) : [];
        utf8Name = _name;
        return more;
    }

    public void Skip()
    {
        int depth = 0;
        do
        {
            string kind = tokens[_at++].Kind;
            depth += kind is "[" or "{" ? 1 : kind is "]" or "}" ? -1 : 0;
        }
        while (depth > 0);
    }

    private bool Next(ref ValueScope scope, string end)
    {
        if (scope.Remaining-- > 0)
        {
            return true;
        }

        Take(end);
        return false;
    }

    private T Number<T>(Func<object, T> convert)
    {
        object value = Take("number")!;
        try
        {
            return convert(value);
        }
        catch (OverflowException e)
        {
            throw new ValueFormatException($"{value} does not fit {typeof(T).Name}.", e);
        }
    }

    private object? Take(string kind)
    {
        Token token = tokens[_at];
        if (token.Kind != kind)
        {
            throw new ValueFormatException($"Token {_at}: expected {kind}, found {token.Kind}.");
        }

        _at++;
        return token.Value;
    }
}
