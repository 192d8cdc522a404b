using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PluginHost.Contracts.Invocation;

/// <summary>Gives memory for thread blocks, for example out of a mapped file that outlives the process.</summary>
public interface IThreadBlockMemory
{
    /// <summary>
    /// Gives one block: <see cref="ThreadBlocks.BlockBytes"/> zeroed bytes, aligned to 64, never taken back while the process lives.
    /// </summary>
    /// <returns>The address, or 0 where there is no more room: the caller then uses plain memory.</returns>
    nint Allocate();
}

/// <summary>The calls counted in one slot, over all threads.</summary>
/// <param name="Entered">Calls that went into the plugin.</param>
/// <param name="Left">Calls that came back, by result or by exception.</param>
public readonly record struct CallTotals(long Entered, long Left)
{
    /// <summary>Calls inside the plugin now. Exact only once no new call can enter.</summary>
    public long InFlight => Entered - Left;
}

/// <summary>What one thread is doing.</summary>
/// <param name="ThreadId">The operating system's thread id.</param>
/// <param name="LastEntered">The slot the thread entered last, whether it has left it or not; -1 where it entered none.</param>
/// <param name="Inside">The slots on the thread's stack now, with the number of calls entered so far: a stuck thread's stays the same.</param>
public sealed record ThreadActivity(int ThreadId, int LastEntered, IReadOnlyList<(int Slot, long Entered)> Inside);

/// <summary>
/// Per-thread blocks of call counters, written with plain stores by the guards and read by everybody else: no shared cache line, no fence on
/// the way of a call. A block: 64 bytes of header (int32 thread id, 4 bytes unused, int64 the block's own address, int64 the address of the slot
/// entered last or 0), then 16 bytes a slot (int64 entered, int64 left). Addresses, since a pointer at hand is stored in one instruction.
/// Where entered and left differ, the slot's method is on the thread's stack; the innermost one is the slot entered last, where it is among them.
/// A suspended call has left its thread and is counted in one block of all threads together, whose thread id is <see cref="SuspendedCalls"/> and whose
/// entered is the number of suspended calls. Blocks of ended threads keep their counts and serve new threads.
/// </summary>
public static unsafe class ThreadBlocks
{
    /// <summary>A block's size in bytes.</summary>
    public const int BlockBytes = 64 * 1024;

    /// <summary>A block's header in bytes.</summary>
    public const int HeaderBytes = 64;

    /// <summary>A slot's size in bytes.</summary>
    public const int SlotBytes = 16;

    /// <summary>How many slots (methods of in-process plugins) a process can have at once: 4092.</summary>
    public const int MaxSlots = (BlockBytes - HeaderBytes) / SlotBytes;

    /// <summary>What stands in place of a thread id in the block that counts suspended calls.</summary>
    public const int SuspendedCalls = -1;

    internal const int LastEnteredIndex = 2;
    private static readonly Lock s_lock = new();
    private static readonly List<nint> s_blocks = [];
    private static readonly Stack<nint> s_free = [];
    private static readonly bool[] s_reserved = new bool[MaxSlots];
    private static IThreadBlockMemory? s_memory;

    // Taken with the first call that is suspended and never changed.
    private static nint s_suspended;

    /// <summary>
    /// Says where blocks come from; blocks that threads already have, and that of suspended calls once there was one, stay where they are. The first one
    /// wins. Thread-safe.
    /// </summary>
    /// <returns>The memory in use: <paramref name="memory"/>, or the one that was first.</returns>
    public static IThreadBlockMemory Install(IThreadBlockMemory memory)
    {
        lock (s_lock)
        {
            return s_memory ??= memory;
        }
    }

    /// <summary>Reserves neighbouring slots, with their counts at 0. Thread-safe.</summary>
    /// <param name="count">How many, at least 1.</param>
    /// <returns>The first one's index.</returns>
    /// <exception cref="InvalidOperationException">No <paramref name="count"/> neighbouring slots are free of the process's <see cref="MaxSlots"/>.</exception>
    public static int Reserve(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        lock (s_lock)
        {
            int run = 0;
            for (int slot = 0; slot < MaxSlots; slot++)
            {
                run = s_reserved[slot] ? 0 : run + 1;
                if (run == count)
                {
                    int first = slot - count + 1;
                    s_reserved.AsSpan(first, count).Fill(true);
                    return first;
                }
            }
        }

        throw new InvalidOperationException(
            $"No room for {count} more in-process methods: the limit is {MaxSlots} a process. Run some plugins in the process tier.");
    }

    /// <summary>Gives slots back. Only where no call can be in them. Thread-safe.</summary>
    public static void Release(int first, int count)
    {
        lock (s_lock)
        {
            foreach (nint block in s_blocks)
            {
                new Span<byte>(Slot(block, first), count * SlotBytes).Clear();
            }

            if (s_suspended != 0)
            {
                new Span<byte>(Slot(s_suspended, first), count * SlotBytes).Clear();
            }

            s_reserved.AsSpan(first, count).Clear();
        }
    }

    /// <summary>
    /// Counts the calling thread into a slot: for code of a plugin that is no call, such as its start. Pair with <see cref="Leave"/> on the same thread.
    /// </summary>
    /// <param name="slot">A reserved slot.</param>
    public static void Enter(int slot)
    {
        byte* block = CurrentBlock.Address;
        long* counts = (long*)Slot((nint)block, slot);
        ((long**)block)[LastEnteredIndex] = counts;
        counts[0]++;
    }

    /// <summary>Counts the calling thread out of a slot.</summary>
    /// <param name="slot">The slot of <see cref="Enter"/>.</param>
    public static void Leave(int slot) => ((long*)Slot((nint)CurrentBlock.Address, slot))[1]++;

    /// <summary>Gives the calling thread's block to other threads before it ends, rather than when it is collected. It must be inside of no slot.</summary>
    public static void GiveBack() => CurrentBlock.Clear();

    /// <summary>Adds up one slot over all threads. Thread-safe; for an exact number of calls in flight see <see cref="Interlocked.MemoryBarrierProcessWide"/>.</summary>
    public static CallTotals Sum(int slot)
    {
        long entered = 0;
        long left = 0;
        lock (s_lock)
        {
            foreach (nint block in s_blocks)
            {
                long* counts = (long*)Slot(block, slot);

                // Left is read first: a call that passes both in between must not count as left without entered.
                left += Volatile.Read(ref counts[1]);
                entered += Volatile.Read(ref counts[0]);
            }
        }

        // After the blocks: a call counts as suspended before it leaves its thread, so it is always seen in one of the two.
        nint suspended = Volatile.Read(ref s_suspended);
        return new CallTotals(entered, left - (suspended == 0 ? 0 : Volatile.Read(ref *(long*)Slot(suspended, slot))));
    }

    /// <summary>What every thread that has a block is doing now. Thread-safe; a moment's picture. Reads every reserved slot of every block.</summary>
    public static IReadOnlyList<ThreadActivity> Activity()
    {
        List<ThreadActivity> threads = [];
        lock (s_lock)
        {
            foreach (nint block in s_blocks)
            {
                int thread = Volatile.Read(ref ((int*)block)[0]);
                if (thread != 0)
                {
                    threads.Add(new ThreadActivity(thread, LastEntered(new ReadOnlySpan<byte>((void*)block, HeaderBytes)), Inside_NeedsLock(block)));
                }
            }
        }

        return threads;
    }

    /// <summary>
    /// What the threads are doing that are inside of one of some slots now, with all that they are inside of. Allocates nothing for others. Thread-safe; a
    /// moment's picture. Reads those slots of every block.
    /// </summary>
    /// <param name="among">Reserved slots; one that was given back since counts as empty.</param>
    public static IReadOnlyList<ThreadActivity> Activity(ReadOnlySpan<int> among)
    {
        List<ThreadActivity>? threads = null;
        lock (s_lock)
        {
            foreach (nint block in s_blocks)
            {
                int thread = Volatile.Read(ref ((int*)block)[0]);
                if (thread != 0 && IsInside(block, among))
                {
                    (threads ??= []).Add(new ThreadActivity(thread, LastEntered(new ReadOnlySpan<byte>((void*)block, HeaderBytes)), Inside_NeedsLock(block)));
                }
            }
        }

        return threads ?? (IReadOnlyList<ThreadActivity>)[];
    }

    /// <summary>Reads which slot a block's thread entered last.</summary>
    /// <param name="header">The block's first <see cref="HeaderBytes"/> bytes, of this process or of a dead one's file.</param>
    /// <returns>The slot, or -1 where there is none or the bytes are damaged.</returns>
    public static int LastEntered(ReadOnlySpan<byte> header)
    {
        long self = BinaryPrimitives.ReadInt64LittleEndian(header[sizeof(long)..]);
        long last = BinaryPrimitives.ReadInt64LittleEndian(header[(LastEnteredIndex * sizeof(long))..]);
        long offset = unchecked(last - self) - HeaderBytes;
        return last != 0 && offset >= 0 && offset % SlotBytes == 0 && offset / SlotBytes < MaxSlots ? (int)(offset / SlotBytes) : -1;
    }

    /// <summary>The calling thread, as <see cref="ThreadActivity.ThreadId"/> has it.</summary>
    public static int CurrentThread => OperatingSystem.IsLinux() ? NativeThreadId() : Environment.CurrentManagedThreadId;

    internal static void AddSuspended(int slot, int change)
    {
        nint suspended = Volatile.Read(ref s_suspended);
        Interlocked.Add(ref *(long*)Slot(suspended != 0 ? suspended : AcquireSuspended(), slot), change);
    }

    private static bool IsInside(nint block, ReadOnlySpan<int> among)
    {
        foreach (int slot in among)
        {
            long* counts = (long*)Slot(block, slot);
            if (Volatile.Read(ref counts[0]) != Volatile.Read(ref counts[1]))
            {
                return true;
            }
        }

        return false;
    }

    private static List<(int Slot, long Entered)> Inside_NeedsLock(nint block)
    {
        List<(int Slot, long Entered)> inside = [];
        for (int slot = 0; slot < MaxSlots; slot++)
        {
            long* counts = (long*)Slot(block, slot);
            if (s_reserved[slot] && Volatile.Read(ref counts[0]) != Volatile.Read(ref counts[1]))
            {
                inside.Add((slot, counts[0]));
            }
        }

        return inside;
    }

    private static byte* Slot(nint block, int slot) => (byte*)block + HeaderBytes + (slot * SlotBytes);

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static byte* Acquire()
    {
        lock (s_lock)
        {
            if (!s_free.TryPop(out nint block))
            {
                block = NewBlock_NeedsLock();
                ((long*)block)[1] = block;
                s_blocks.Add(block);
            }

            *(int*)block = CurrentThread;
            CurrentBlock.Set((byte*)block, new BlockOwner(block));
            return (byte*)block;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nint AcquireSuspended()
    {
        lock (s_lock)
        {
            if (s_suspended == 0)
            {
                nint block = NewBlock_NeedsLock();
                *(int*)block = SuspendedCalls;
                Volatile.Write(ref s_suspended, block);
            }

            return s_suspended;
        }
    }

    private static nint NewBlock_NeedsLock()
    {
        nint block = s_memory?.Allocate() ?? 0;
        if (block == 0)
        {
            block = (nint)NativeMemory.AlignedAlloc(BlockBytes, HeaderBytes);
            NativeMemory.Clear((void*)block, BlockBytes);
        }

        return block;
    }

    [DllImport("libc", EntryPoint = "gettid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NativeThreadId();

    private static void Recycle(nint block)
    {
        lock (s_lock)
        {
            ((int*)block)[0] = 0;
            ((long*)block)[LastEnteredIndex] = 0;
            s_free.Push(block);
        }
    }

    /// <summary>Lives as long as its thread: its finalizer gives the block back.</summary>
    internal sealed class BlockOwner(nint block) : IDisposable
    {
        ~BlockOwner() => Recycle(block);

        /// <summary>Gives it back now.</summary>
        public void Dispose()
        {
            GC.SuppressFinalize(this);
            Recycle(block);
        }
    }
}
