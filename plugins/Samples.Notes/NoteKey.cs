using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Samples.Contracts;

namespace Samples.Notes;

/// <summary>
/// Turns a key into a file name and back. Lower-case letters, digits, '-' and '_' stand for themselves, every other byte is '~' and two hex
/// digits: so no key can leave the folder, and keys that differ only in case stay apart on every file system.
/// </summary>
internal static class NoteKey
{
    /// <summary>The longest key, in bytes of UTF-8: three characters each still make a file name.</summary>
    public const int MaxBytes = 80;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The file name of a key.</summary>
    /// <exception cref="InvalidNoteKeyException">The key is empty, too long or no valid text.</exception>
    public static string ToFileName(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[] bytes = Encode(key);
        if (bytes.Length is 0 or > MaxBytes)
        {
            throw new InvalidNoteKeyException(string.Create(
                CultureInfo.InvariantCulture, $"A key has 1 to {MaxBytes} bytes as UTF-8; this one has {bytes.Length}."));
        }

        StringBuilder name = new(bytes.Length * 3);
        foreach (byte value in bytes)
        {
            if (IsPlain((char)value))
            {
                name.Append((char)value);
            }
            else
            {
                name.Append(CultureInfo.InvariantCulture, $"~{value:x2}");
            }
        }

        return name.ToString();
    }

    /// <summary>The key of a file name; false for a file that is no note.</summary>
    public static bool TryParse(string fileName, [NotNullWhen(true)] out string? key)
    {
        key = null;
        List<byte> bytes = new(fileName.Length);
        for (int i = 0; i < fileName.Length; i++)
        {
            if (IsPlain(fileName[i]))
            {
                bytes.Add((byte)fileName[i]);
            }
            else if (fileName[i] == '~' && i + 2 < fileName.Length
                && byte.TryParse(fileName.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                return false;
            }
        }

        string text = Encoding.UTF8.GetString([.. bytes]);
        key = text;
        return text.Length > 0;
    }

    private static bool IsPlain(char character) => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character is '-' or '_';

    private static byte[] Encode(string key)
    {
        try
        {
            return s_strict.GetBytes(key);
        }
        catch (EncoderFallbackException half)
        {
            throw new InvalidNoteKeyException(string.Create(
                CultureInfo.InvariantCulture, $"A key is valid text; this one has half a surrogate pair at index {half.Index}."));
        }
    }
}
