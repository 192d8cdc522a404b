using System.Buffers.Binary;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.Loader;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Telemetry.Recording;

/// <summary>
/// What a process that ends by an unhandled exception or by an exit can still write down of its end: which threads it can have been, and whose code. So
/// a plugin that another thread is in just then is not blamed for it. Other deaths leave no time to write.
/// </summary>
internal sealed class DeathNote
{
    /// <summary>Where it stands in the flight file's header.</summary>
    public const int Offset = 1024;

    /// <summary>Its size in bytes.</summary>
    public const int Bytes = NameOffset + FlightFile.NameBytes;

    private const int MostThreads = 64;
    private const int ThreadsOffset = 8;
    private const int NameOffset = ThreadsOffset + (MostThreads * sizeof(int));
    private const string OwnThread = "(own thread)";
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _generations = new(StringComparer.Ordinal);
    private readonly FlightMemory _memory;
    private int _isWritten;

    /// <summary>Begins to wait for the process's end.</summary>
    public DeathNote(FlightMemory memory)
    {
        _memory = memory;
        AppDomain.CurrentDomain.UnhandledException += (_, thrown) => Write(HostEnd.Exception, thrown.ExceptionObject as Exception);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Write(HostEnd.Exit, null);
    }

    /// <summary>A plugin runs in this process.</summary>
    public void Know(string pluginId, int generation)
    {
        lock (_lock)
        {
            _generations[pluginId] = generation;
        }
    }

    /// <summary>Reads one; null where there is none.</summary>
    public static DeadEnd? Read(ReadOnlySpan<byte> header)
    {
        ReadOnlySpan<byte> note = header.Slice(Offset, Bytes);
        int kind = BinaryPrimitives.ReadInt32LittleEndian(note);
        int count = BinaryPrimitives.ReadInt32LittleEndian(note[4..]);
        if (kind is not ((int)HostEnd.Exception or (int)HostEnd.Exit) || count is < 0 or > MostThreads)
        {
            return null;
        }

        List<int> threads = [];
        for (int i = 0; i < count; i++)
        {
            threads.Add(BinaryPrimitives.ReadInt32LittleEndian(note[(ThreadsOffset + (i * sizeof(int)))..]));
        }

        return new DeadEnd((HostEnd)kind, threads, FlightFile.ReadName(note[NameOffset..]));
    }

    private void Write(HostEnd end, Exception? thrown)
    {
        if (Interlocked.Exchange(ref _isWritten, 1) != 0)
        {
            return;
        }

        try
        {
            byte[] note = new byte[Bytes];
            int[] threads = end == HostEnd.Exception ? [ThreadBlocks.CurrentThread] : [.. Waiting().Take(MostThreads)];
            for (int i = 0; i < threads.Length; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(note.AsSpan(ThreadsOffset + (i * sizeof(int))), threads[i]);
            }

            if (thrown is not null && Culprit(thrown) is { } culprit)
            {
                FlightFile.WriteName(culprit).CopyTo(note, NameOffset);
            }

            BinaryPrimitives.WriteInt32LittleEndian(note.AsSpan(4), threads.Length);
            BinaryPrimitives.WriteInt32LittleEndian(note, (int)end);
            _memory.WriteHeaderPart(note, Offset);
        }
        catch (Exception)
        {
            // The process is ending: there is nobody left to tell, and what every thread was in is in the file all the same.
            return;
        }
    }

    /// <summary>
    /// The threads inside of plugins that wait. This runs on a thread of the runtime's while the one that asked for the exit waits for it: one that is
    /// at work cannot have asked.
    /// </summary>
    private static IEnumerable<int> Waiting() =>
        ThreadBlocks.Activity().Where(a => a.Inside.Count > 0 && ProcessIdentity.StateOfThread(a.ThreadId) != 'R').Select(a => a.ThreadId);

    /// <summary>The plugin whose code the exception came out of: the innermost frame that is of a plugin's load context.</summary>
    private DeadCall? Culprit(Exception thrown)
    {
        foreach (StackFrame frame in new StackTrace(thrown, fNeedFileInfo: false).GetFrames())
        {
            Assembly? assembly = frame.GetMethod()?.Module.Assembly;
            if (assembly is not null && AssemblyLoadContext.GetLoadContext(assembly)?.Name is { } name)
            {
                lock (_lock)
                {
                    if (_generations.TryGetValue(name, out int generation))
                    {
                        return new DeadCall(name, OwnThread, generation);
                    }
                }
            }
        }

        return null;
    }
}
