using System.Threading.Channels;

namespace PluginHost.Telemetry.Recording;

/// <summary>
/// A recorder's events as a sequence, from the moment a reader begins on. Each reader has a bounded queue of its own: one that is too slow loses the
/// oldest and is told how many (<see cref="EventsMissed"/>); it never holds up who reports. Thread-safe; an enumerator is for one reader.
/// </summary>
/// <param name="recorder">Whose events.</param>
/// <param name="clock">For the time of <see cref="EventsMissed"/>.</param>
/// <param name="ended">Ends every sequence, once what was queued is read.</param>
public sealed class EventSequence(Recorder recorder, TimeProvider clock, CancellationToken ended) : IAsyncEnumerable<PluginEvent>
{
    /// <summary>How many events wait for a reader at most: 1,024.</summary>
    public const int Kept = 1024;

    /// <summary>Begins to read: events from this call on.</summary>
    /// <param name="cancellationToken">Ends a wait for the next event.</param>
    public IAsyncEnumerator<PluginEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        new Reader(recorder, clock, ended, cancellationToken);

    private sealed class Reader : IAsyncEnumerator<PluginEvent>
    {
        private readonly Channel<PluginEvent> _queue;
        private readonly TimeProvider _clock;
        private readonly CancellationToken _cancelled;
        private readonly IDisposable _subscription;
        private readonly CancellationTokenRegistration _ending;
        private PluginEvent? _current;
        private long _missed;

        public Reader(Recorder recorder, TimeProvider clock, CancellationToken ended, CancellationToken cancelled)
        {
            _clock = clock;
            _cancelled = cancelled;
            _queue = Channel.CreateBounded<PluginEvent>(
                new BoundedChannelOptions(Kept) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest },
                _ => Interlocked.Increment(ref _missed));
            _subscription = recorder.Subscribe(told => _queue.Writer.TryWrite(told));
            _ending = ended.UnsafeRegister(static queue => ((Channel<PluginEvent>)queue!).Writer.TryComplete(), _queue);
        }

        public PluginEvent Current => _current ?? throw new InvalidOperationException("There is no current event: call MoveNextAsync first.");

        public async ValueTask<bool> MoveNextAsync()
        {
            if (Interlocked.Exchange(ref _missed, 0) is > 0 and long missed)
            {
                _current = new EventsMissed(_clock.GetUtcNow(), missed);
                return true;
            }

            while (await _queue.Reader.WaitToReadAsync(_cancelled).ConfigureAwait(false))
            {
                if (_queue.Reader.TryRead(out _current))
                {
                    return true;
                }
            }

            return false;
        }

        public ValueTask DisposeAsync()
        {
            _subscription.Dispose();
            return _ending.DisposeAsync();
        }
    }
}
