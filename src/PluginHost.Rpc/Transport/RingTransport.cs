using System.Net.Sockets;
using System.Runtime.InteropServices;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Transport;

/// <summary>
/// A socket at first; after <see cref="UseRing"/> two rings in shared memory, over which the same bytes go. The socket then only wakes a reader that
/// sleeps, one byte a time, and its end is the connection's end. One reader and one writer at a time; any thread may shut it down.
/// </summary>
/// <remarks>
/// Waiting on the socket and not on a futex has three reasons: the kernel wakes a socket's reader on the waker's own core, which is twice as fast for
/// rare calls; the peer's death wakes it without anybody watching; and the peer cannot keep it asleep by writing to a word.
/// </remarks>
public sealed partial class RingTransport : RpcTransport
{
    private const int RoomMilliseconds = 250;
    private static readonly bool s_isOnlyCore = Environment.ProcessorCount == 1;
    private readonly SocketTransport _socket;
    private readonly Func<bool> _hasShutDown;
    private SharedMapping? _mapping;
    private RingReader? _reader;
    private RingWriter? _writer;
    private WakeUp? _wakeUp;
    private MalformedMessageException? _violation;
    private bool _isSendingOnRing;
    private bool _isShut;

    /// <summary>Creates one that uses its socket only.</summary>
    /// <param name="socket">A connected stream socket; owned from here on.</param>
    public RingTransport(Socket socket)
    {
        _socket = new SocketTransport(socket);
        _hasShutDown = () => Volatile.Read(ref _isShut);
    }

    /// <summary>Creates one of a descriptor, on Linux only.</summary>
    /// <param name="descriptor">A connected stream socket; owned from here on.</param>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    public RingTransport(SafeHandle descriptor)
    {
        _socket = new SocketTransport(descriptor);
        _hasShutDown = () => Volatile.Read(ref _isShut);
    }

    /// <summary>True where this system can do it.</summary>
    public static bool IsSupported => Futex.IsSupported;

    /// <summary>True once this side has changed to the ring.</summary>
    public bool UsesRing => Volatile.Read(ref _reader) is not null;

    /// <inheritdoc/>
    public override int PollDescriptor => _socket.PollDescriptor;

    /// <summary>Makes the memory for two rings. The host does; its worker opens it as <see cref="MemoryBytes"/> long.</summary>
    /// <param name="ringBytes">The size of each; a power of two from 4 KiB to 64 MiB.</param>
    /// <exception cref="SharedMemoryException">The system has no such memory.</exception>
    public static unsafe SharedMemory CreateMemory(int ringBytes)
    {
        if (!IsRingSize(ringBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(ringBytes), ringBytes, "Expected a power of two from 4 KiB to 64 MiB.");
        }

        SharedMemory memory = SharedMemory.Create("pluginhost-ring", MemoryBytes(ringBytes));

        // Both readers may be waiting on the socket when the change comes.
        new RingReader(memory.Mapping.Start, ringBytes, isToWorker: true).AskToBeWoken();
        new RingReader(memory.Mapping.Start, ringBytes, isToWorker: false).AskToBeWoken();
        return memory;
    }

    /// <summary>The memory's size.</summary>
    public static long MemoryBytes(int ringBytes) => RingLayout.MemoryBytes(ringBytes);

    /// <summary>Whether a ring can have a size.</summary>
    public static bool IsRingSize(int bytes) => bytes is >= RingLayout.LeastBytes and <= RingLayout.MostBytes && int.IsPow2(bytes);

    /// <summary>
    /// Changes to the ring. The host calls it when the worker has taken the ring, before it sends anything more; the worker before it answers that it takes
    /// it: it goes on sending on the socket until the first bytes have come over the ring. Once.
    /// </summary>
    /// <param name="mapping">The memory; held until this is disposed.</param>
    /// <param name="ringBytes">The size of each ring.</param>
    /// <param name="isHost">True for the host's side.</param>
    public unsafe void UseRing(SharedMapping mapping, int ringBytes, bool isHost)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        if (!IsRingSize(ringBytes) || mapping.Length != MemoryBytes(ringBytes))
        {
            throw new ArgumentException($"The memory has {mapping.Length} bytes, which two rings of {ringBytes} do not fit exactly.", nameof(mapping));
        }

        mapping.Hold();
        _mapping = mapping;
        _wakeUp = isHost && !s_isOnlyCore ? WakeUp.TryCreate() : null;
        _writer = new RingWriter(mapping.Start, ringBytes, isToWorker: isHost);
        Volatile.Write(ref _isSendingOnRing, isHost);
        Volatile.Write(ref _reader, new RingReader(mapping.Start, ringBytes, isToWorker: !isHost));
    }

    /// <inheritdoc/>
    public override int Receive(Span<byte> bytes, int milliseconds)
    {
        RingReader? reader = Volatile.Read(ref _reader);
        if (reader is null)
        {
            int count = _socket.Receive(bytes, milliseconds);
            reader = Volatile.Read(ref _reader);
            if (reader is null)
            {
                return count;
            }

            // The change came while this waited: what came on the socket was to wake it.
        }

        SharedMapping mapping = _mapping!;
        mapping.Hold();
        try
        {
            int count = ReceiveFromRing(reader, bytes, milliseconds);
            if (count > 0 && !_isSendingOnRing)
            {
                // The host has changed, so it reads its ring from here on.
                Volatile.Write(ref _isSendingOnRing, true);
            }

            return count;
        }
        finally
        {
            mapping.LetGo();
        }
    }

    /// <inheritdoc/>
    public override bool LooksCheaply => UsesRing;

    /// <inheritdoc/>
    public override int ReceiveSoon(Span<byte> bytes)
    {
        if (Volatile.Read(ref _reader) is not { } reader)
        {
            return _socket.Receive(bytes, 0);
        }

        SharedMapping mapping = _mapping!;
        mapping.Hold();
        try
        {
            return LookForAWhile(reader, bytes);
        }
        finally
        {
            mapping.LetGo();
        }
    }

    /// <inheritdoc/>
    public override SendAttempt TrySend(ReadOnlySpan<byte> bytes)
    {
        if (!Volatile.Read(ref _isSendingOnRing))
        {
            return _socket.TrySend(bytes);
        }

        SharedMapping mapping = _mapping!;
        mapping.Hold();
        try
        {
            int sent = Write(bytes);
            return new SendAttempt(sent, sent < bytes.Length);
        }
        finally
        {
            mapping.LetGo();
        }
    }

    /// <inheritdoc/>
    public override int Send(ReadOnlySpan<byte> bytes)
    {
        if (!Volatile.Read(ref _isSendingOnRing))
        {
            return _socket.Send(bytes);
        }

        SharedMapping mapping = _mapping!;
        mapping.Hold();
        try
        {
            while (true)
            {
                int sent = Write(bytes);
                if (sent > 0)
                {
                    return sent;
                }

                // Bounded: the peer can write to the word that this sleeps on.
                WaitForRoom();
            }
        }
        finally
        {
            mapping.LetGo();
        }
    }

    /// <inheritdoc/>
    public override void PeerEnded() => _socket.PeerEnded();

    /// <inheritdoc/>
    public override void ShutDown()
    {
        Volatile.Write(ref _isShut, true);
        _socket.ShutDown();
        if (!Volatile.Read(ref _isSendingOnRing))
        {
            return;
        }

        try
        {
            _mapping!.Hold();
        }
        catch (ObjectDisposedException)
        {
            // Then nobody waits there any more.
            return;
        }

        _writer!.StopWaiting();
        _mapping.LetGo();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool isDisposing)
    {
        // Whoever still waits sees the end; a descriptor that is closed alone would leave it waiting, or waiting for the next one of that number.
        ShutDown();
        _socket.Dispose();
        _wakeUp?.Dispose();
        if (Interlocked.Exchange(ref _reader, null) is not null)
        {
            _mapping!.LetGo();
        }
    }

    private int Write(ReadOnlySpan<byte> bytes)
    {
        if (Volatile.Read(ref _isShut))
        {
            throw new SocketException((int)SocketError.ConnectionReset);
        }

        if (Volatile.Read(ref _isAsleep))
        {
            // Once more: a peer that wrote over the word would keep its answers from being seen.
            Volatile.Read(ref _reader)?.AskToBeWoken();
        }

        try
        {
            int sent = _writer!.Write(bytes, out bool isReaderAsleep);
            if (isReaderAsleep)
            {
                // Where the socket is full of them there is one that it has not read.
                _socket.TrySend([1]);
            }

            return sent;
        }
        catch (MalformedMessageException violation)
        {
            throw Ended(violation);
        }
    }

    private void WaitForRoom()
    {
        try
        {
            _writer!.WaitForRoom(_hasShutDown, RoomMilliseconds);
        }
        catch (MalformedMessageException violation)
        {
            throw Ended(violation);
        }
    }

    /// <summary>Lets the reader end the connection with the reason; whoever sends only learns that it has ended.</summary>
    private SocketException Ended(MalformedMessageException violation)
    {
        Interlocked.CompareExchange(ref _violation, violation, null);
        _socket.ShutDown();
        return new SocketException((int)SocketError.ConnectionReset, violation.Message);
    }
}
