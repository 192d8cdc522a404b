using System.Runtime.InteropServices;
using System.Text;

namespace PluginHost.Runtime.Processes;

/// <summary>
/// One call of <c>posix_spawn</c>: no managed code runs between fork and exec. The child has an empty input where none is given, its own process group, default
/// signals, exactly the given open descriptors and exactly the given environment. Its group's id is its process id.
/// </summary>
internal static unsafe class SpawnCall
{
    // Larger than any libc's posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t.
    private const int OpaqueBytes = 1024;
    private const short Flags = SetProcessGroup | SetSignalDefault | SetSignalMask;
    private const short SetProcessGroup = 2;
    private const short SetSignalDefault = 4;
    private const short SetSignalMask = 8;

    private static readonly bool s_hasCloseFrom =
        NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "posix_spawn_file_actions_addclosefrom_np", out _);

    /// <summary>Starts the process and gives its id.</summary>
    /// <param name="request">What to start.</param>
    /// <param name="input">The child's standard input, above all that it will have; -1 for an empty one.</param>
    /// <param name="descriptors">The child's descriptors from standard output on, in order; each number above all that the child will have.</param>
    /// <exception cref="SpawnException">The system refused.</exception>
    public static int Run(SpawnRequest request, int input, IReadOnlyList<int> descriptors)
    {
        byte* actions = stackalloc byte[OpaqueBytes];
        byte* attributes = stackalloc byte[OpaqueBytes];
        byte* signals = stackalloc byte[OpaqueBytes];
        using StringBlock texts = new();
        byte* file = texts.Add(request.FileName);
        byte** arguments = texts.AddList([request.FileName, .. request.Arguments]);
        byte** environment = texts.AddList([.. request.Environment.Select(v => $"{v.Key}={v.Value}")]);

        Check(Libc.posix_spawn_file_actions_init(actions), request);
        Check(Libc.posix_spawnattr_init(attributes), request);
        try
        {
            Check(
                input < 0
                    ? Libc.posix_spawn_file_actions_addopen(actions, 0, texts.Add("/dev/null"), 0, 0)
                    : Libc.posix_spawn_file_actions_adddup2(actions, input, 0),
                request);
            for (int i = 0; i < descriptors.Count; i++)
            {
                Check(Libc.posix_spawn_file_actions_adddup2(actions, descriptors[i], i + 1), request);
            }

            Check(Libc.posix_spawn_file_actions_addchdir_np(actions, texts.Add(request.WorkingDirectory)), request);
            if (s_hasCloseFrom)
            {
                // Ours are all close-on-exec; a library of the application may have opened others.
                Check(Libc.posix_spawn_file_actions_addclosefrom_np(actions, descriptors.Count + 1), request);
            }

            Check(Libc.posix_spawnattr_setflags(attributes, Flags), request);
            Check(Libc.posix_spawnattr_setpgroup(attributes, 0), request);
            _ = Libc.sigemptyset(signals);
            Check(Libc.posix_spawnattr_setsigmask(attributes, signals), request);
            _ = Libc.sigfillset(signals);
            Check(Libc.posix_spawnattr_setsigdefault(attributes, signals), request);

            int process = 0;
            Check(Libc.posix_spawnp(&process, file, actions, attributes, arguments, environment), request);
            return process;
        }
        finally
        {
            _ = Libc.posix_spawnattr_destroy(attributes);
            _ = Libc.posix_spawn_file_actions_destroy(actions);
        }
    }

    private static void Check(int error, SpawnRequest request)
    {
        if (error != 0)
        {
            throw new SpawnException(
                $"'{request.FileName}' could not be started in '{request.WorkingDirectory}': {Libc.Describe(error)} (errno {error}). " +
                "Check that both exist and that this user may execute the first and enter the second.");
        }
    }

    /// <summary>Zero-ended UTF-8 texts that live until the call is over.</summary>
    private sealed class StringBlock : IDisposable
    {
        private readonly List<nint> _allocated = [];

        public byte* Add(string text)
        {
            int length = Encoding.UTF8.GetByteCount(text);
            byte* bytes = (byte*)NativeMemory.Alloc((nuint)length + 1);
            _allocated.Add((nint)bytes);
            _ = Encoding.UTF8.GetBytes(text, new Span<byte>(bytes, length));
            bytes[length] = 0;
            return bytes;
        }

        public byte** AddList(IReadOnlyList<string> texts)
        {
            byte** list = (byte**)NativeMemory.Alloc((nuint)(texts.Count + 1) * (nuint)sizeof(byte*));
            _allocated.Add((nint)list);
            for (int i = 0; i < texts.Count; i++)
            {
                list[i] = Add(texts[i]);
            }

            list[texts.Count] = null;
            return list;
        }

        public void Dispose() => _allocated.ForEach(p => NativeMemory.Free((void*)p));
    }
}
