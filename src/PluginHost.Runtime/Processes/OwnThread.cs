using System.Globalization;

namespace PluginHost.Runtime.Processes;

/// <summary>What the kernel says of one thread of this process. Costs two reads of <c>/proc</c>; what it runs in managed code the kernel does not know.</summary>
internal static class OwnThread
{
    private const int LongestChannel = 64;

    /// <summary>Its name, state and processor time, and what it waits for in the kernel; null where nothing is known.</summary>
    /// <param name="thread">The operating system's thread id.</param>
    public static string? Doing(int thread)
    {
        string folder = string.Create(CultureInfo.InvariantCulture, $"/proc/self/task/{thread}");
        if (WorkerThreads.LineOf(folder) is not { } line)
        {
            return null;
        }

        // "0" for a thread that runs, and where this user may not ask.
        string channel = ReadOrEmpty(Path.Combine(folder, "wchan")).Trim();
        return channel is "" or "0" || channel.Length > LongestChannel ? line : $"{line}, in the kernel's {channel}";
    }

    private static string ReadOrEmpty(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or the kernel keeps it to itself.
            return "";
        }
    }
}
