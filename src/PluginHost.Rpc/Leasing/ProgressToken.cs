using System.Text;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Leasing;

/// <summary>What names a receiver of progress on the wire: an integer or a string. The caller chooses it, the callee gives it back.</summary>
internal readonly struct ProgressToken
{
    /// <summary>The longest string that is taken, in bytes of UTF-8.</summary>
    public const int MaxBytes = 128;

    private readonly string? _text;

    private ProgressToken(long number, string? text)
    {
        Number = number;
        _text = text;
    }

    /// <summary>The token where <see cref="IsNumber"/>.</summary>
    public long Number { get; }

    /// <summary>True for an integer, which is all that this side gives out.</summary>
    public bool IsNumber => _text is null;

    /// <summary>Reads a token.</summary>
    /// <exception cref="ValueFormatException">It is neither, or too long.</exception>
    public static ProgressToken Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        if (reader.Peek() == ValueKind.Number)
        {
            return new ProgressToken(reader.ReadInt64(), null);
        }

        string text = reader.ReadString() ?? throw new ValueFormatException("A progress token is null; expected an integer or a string.");
        int length = Encoding.UTF8.GetByteCount(text);
        return length <= MaxBytes
            ? new ProgressToken(0, text)
            : throw new ValueFormatException($"A progress token has {length} bytes; the limit is {MaxBytes}.");
    }

    /// <summary>Writes the token as it came.</summary>
    public void Write<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        if (_text is null)
        {
            writer.WriteInt64(Number);
        }
        else
        {
            writer.WriteString(_text);
        }
    }
}
