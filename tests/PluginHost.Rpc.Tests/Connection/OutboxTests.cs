using System.Text;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using PluginHost.Rpc.Transport;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>What goes out, in which order, and in how many sends.</summary>
public sealed class OutboxTests : IDisposable
{
    private readonly Recorded _transport = new();

    public void Dispose() => _transport.Dispose();

    [Fact]
    public void A_reader_keeps_its_answers_back_until_it_uncorks()
    {
        Outbox outbox = Create();

        Append(outbox, "a", outbox.CorkTurn);
        Append(outbox, "b", outbox.CorkTurn);
        int before = _transport.Sends.Count;
        outbox.Uncork();
        outbox.Uncork();

        Assert.Equal(0, before);
        Assert.Equal(["ab"], _transport.Sends);
    }

    [Fact]
    public void What_others_send_takes_along_what_is_kept_back_and_stays_behind_it()
    {
        Outbox outbox = Create();

        Append(outbox, "a", outbox.CorkTurn);
        Append(outbox, "b", 0);
        outbox.Uncork();

        Assert.Equal(["ab"], _transport.Sends);
    }

    [Fact]
    public void A_reader_that_was_replaced_keeps_nothing_back()
    {
        Outbox outbox = Create();
        long replaced = outbox.CorkTurn;

        Append(outbox, "a", replaced);
        outbox.TakeCork();
        Append(outbox, "b", replaced);

        Assert.Equal(["a", "b"], _transport.Sends);
    }

    [Fact]
    public void Nothing_is_kept_back_for_long_in_a_row()
    {
        Outbox outbox = Create();

        for (int i = 0; i < 128; i++)
        {
            Append(outbox, "x", outbox.CorkTurn);
        }

        Assert.InRange(_transport.Sends.Count, 2, 8);
    }

    [Fact]
    public void What_is_kept_together_leaves_with_the_next_frame_that_is_not()
    {
        Outbox outbox = Create();

        Append(outbox, "a", Outbox.KeptTogether);
        Append(outbox, "b", Outbox.KeptTogether);
        int before = _transport.Sends.Count;
        Append(outbox, "c", 0);
        Append(outbox, "d", Outbox.KeptTogether);
        outbox.Uncork();

        Assert.Equal(0, before);
        Assert.Equal(["abc", "d"], _transport.Sends);
    }

    [Fact]
    public async Task What_was_sent_is_not_sent_again_where_requests_wait_on_an_idle_outbox()
    {
        using ManualResetEventSlim refilled = new();
        Outbox outbox = Create(refilled.Set);
        _transport.OnSend = () =>
        {
            // Somebody queues a frame while the first is being sent: it goes through the buffer.
            _transport.OnSend = null;
            Append(outbox, "b", 0);
        };
        Append(outbox, "a", 0);

        outbox.WakeForWaiting();

        await Until.True(() => refilled.IsSet);
        Append(outbox, "c", 0);
        await Until.True(() => string.Concat(_transport.Sends).Contains('c', StringComparison.Ordinal));
        Assert.Equal("abc", string.Concat(_transport.Sends));
        outbox.Close();
    }

    private Outbox Create(Action? refill = null) => new(_transport, 1 << 20, refill ?? (static () => { }), "test");

    private static void Append(Outbox outbox, string frame, long corkTurn) =>
        Assert.Equal(AppendResult.Queued, outbox.Append(Encoding.ASCII.GetBytes(frame), FrameUse.Answer, null, corkTurn));

    /// <summary>Takes everything at once and remembers each send.</summary>
    private sealed class Recorded : RpcTransport
    {
        private readonly Lock _lock = new();
        private readonly List<string> _sends = [];

        public Action? OnSend { get; set; }

        public IReadOnlyList<string> Sends
        {
            get
            {
                lock (_lock)
                {
                    return [.. _sends];
                }
            }
        }

        public override int Receive(Span<byte> bytes, int milliseconds) => 0;

        public override int Send(ReadOnlySpan<byte> bytes)
        {
            TrySend(bytes);
            return bytes.Length;
        }

        public override SendAttempt TrySend(ReadOnlySpan<byte> bytes)
        {
            lock (_lock)
            {
                _sends.Add(Encoding.ASCII.GetString(bytes));
            }

            OnSend?.Invoke();
            return new SendAttempt(bytes.Length, IsFull: false);
        }

        public override void ShutDown()
        {
        }

        protected override void Dispose(bool isDisposing)
        {
        }
    }
}
