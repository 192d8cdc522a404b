using System.Text;

namespace Samples.Faulty;

/// <summary>Writes more to standard output and error than anyone wants. Bytes go to the stream itself, past the console's own buffer.</summary>
internal static class Output
{
    private static readonly byte[] s_line = Encoding.ASCII.GetBytes(new string('x', 127) + "\n");

    /// <summary>Writes whole lines of 128 bytes, at least as many bytes as asked for.</summary>
    /// <returns>The bytes written.</returns>
    public static long Flood(long bytes, Stream output)
    {
        long written = 0;
        for (; written < bytes; written += s_line.Length)
        {
            output.Write(s_line);
        }

        return written;
    }

    /// <summary>Writes one line that does not end.</summary>
    public static void OneEndlessLine(int bytes)
    {
        byte[] block = new byte[Math.Min(bytes, 64 * 1024)];
        Array.Fill(block, (byte)'x');
        using Stream output = Console.OpenStandardOutput();
        for (int left = bytes; left > 0; left -= block.Length)
        {
            output.Write(block, 0, Math.Min(left, block.Length));
        }
    }
}
