using System.Runtime.InteropServices;

namespace PluginHost.Runtime.Processes;

/// <summary>The descriptors of one child: the host's ends, all close-on-exec, and the child's ends until it has started.</summary>
internal sealed unsafe class Descriptors : IDisposable
{
    // Above every number that the child's own descriptors get, so that no dup2 overwrites the source of the next one.
    private const int LowestChildEnd = SpawnRequest.ChannelDescriptor + SpawnRequest.MostInherited + 1;
    private const int DuplicateCloseOnExec = 1030;
    private const int UnixDomain = 1;
    private const int StreamSocket = 1;

    private readonly List<int> _childEnds = [];
    private readonly List<int> _hostEnds = [];

    private Descriptors()
    {
    }

    public int Output { get; private set; }

    public int Error { get; private set; }

    public int Channel { get; private set; }

    /// <summary>The end to write to the child's input; -1 where that is empty.</summary>
    public int Input { get; private set; } = -1;

    /// <summary>The child's input; -1 for none.</summary>
    public int ChildInput { get; private set; } = -1;

    /// <summary>What the child gets as 1, 2, 3 and on: its output, its errors, its channel where that is a socket, and what it inherits.</summary>
    public IReadOnlyList<int> ChildEnds => _childEnds;

    /// <summary>Opens the pipes and, where the channel is one, a connected pair of sockets, and duplicates what the child inherits.</summary>
    /// <exception cref="SpawnException">The system refused, for example because too many are open.</exception>
    public static Descriptors Open(ChildChannel channel, IReadOnlyList<SafeHandle> inherited)
    {
        Descriptors all = new();
        try
        {
            all.Output = all.Pipe();
            all.Error = all.Pipe();
            if (channel == ChildChannel.Stdio)
            {
                all.OpenInput();
            }
            else
            {
                all.OpenSocket();
            }

            foreach (SafeHandle handle in inherited)
            {
                all.Duplicate(handle);
            }

            return all;
        }
        catch (Exception e) when (e is SpawnException or ObjectDisposedException)
        {
            all.Dispose();
            throw;
        }
    }

    /// <summary>Closes the child's ends; the child has its own.</summary>
    public void CloseChildEnds()
    {
        CloseAll(_childEnds);
        if (ChildInput >= 0)
        {
            _ = Libc.close(ChildInput);
            ChildInput = -1;
        }
    }

    /// <summary>Leaves the host's ends to their new owners.</summary>
    public void Release() => _hostEnds.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        CloseChildEnds();
        CloseAll(_hostEnds);
    }

    private static void CloseAll(List<int> descriptors)
    {
        foreach (int descriptor in descriptors)
        {
            _ = Libc.close(descriptor);
        }

        descriptors.Clear();
    }

    private void OpenSocket()
    {
        int* pair = stackalloc int[2];
        Check(Libc.socketpair(UnixDomain, StreamSocket | Libc.CloseOnExec, 0, pair));
        _hostEnds.Add(pair[0]);
        Channel = pair[0];
        AddChildEnd(pair[1]);
    }

    private void OpenInput()
    {
        int* ends = stackalloc int[2];
        Check(Libc.pipe2(ends, Libc.CloseOnExec));
        _hostEnds.Add(ends[1]);
        Input = ends[1];
        ChildInput = Moved(ends[0]);
    }

    private int Pipe()
    {
        int* ends = stackalloc int[2];
        Check(Libc.pipe2(ends, Libc.CloseOnExec));
        _hostEnds.Add(ends[0]);
        AddChildEnd(ends[1]);
        Check(Libc.fcntl(ends[0], Libc.SetStatusFlags, Libc.NonBlocking));
        return ends[0];
    }

    private void AddChildEnd(int descriptor) => _childEnds.Add(Moved(descriptor));

    private static int Moved(int descriptor)
    {
        if (descriptor >= LowestChildEnd)
        {
            return descriptor;
        }

        try
        {
            return Above(descriptor);
        }
        finally
        {
            _ = Libc.close(descriptor);
        }
    }

    private void Duplicate(SafeHandle handle)
    {
        bool isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            _childEnds.Add(Above((int)handle.DangerousGetHandle()));
        }
        finally
        {
            if (isHeld)
            {
                handle.DangerousRelease();
            }
        }
    }

    private static int Above(int descriptor)
    {
        int copy = Libc.fcntl(descriptor, DuplicateCloseOnExec, LowestChildEnd);
        Check(copy);
        return copy;
    }

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw Refused(Marshal.GetLastPInvokeError());
        }
    }

    private static SpawnException Refused(int error) =>
        new($"No pipe or socket for a new worker: {Libc.Describe(error)} (errno {error}). " +
            "Look at the limit of open files (ulimit -n) and at what keeps files open.");
}
