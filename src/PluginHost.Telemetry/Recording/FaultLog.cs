using PluginHost.Contracts.Faults;

namespace PluginHost.Telemetry.Recording;

/// <summary>
/// The last fault entries, coalesced and capped: equal faults within a window are one entry with a count, and a plugin that makes too many
/// entries a minute is only counted. A fault that was given its id where it was seen is an entry of its own. Thread-safe.
/// </summary>
internal sealed class FaultLog(RecorderOptions options)
{
    private static readonly TimeSpan s_capWindow = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private readonly LinkedList<FaultRecord> _recent = [];
    private readonly Dictionary<Key, Open> _open = [];
    private readonly Dictionary<string, Cap> _caps = [];
    private DateTimeOffset _firstEnd;
    private int _pending;

    /// <summary>What became of a fault.</summary>
    public enum Outcome
    {
        /// <summary>It has an entry of its own.</summary>
        Entered,

        /// <summary>It is counted in an entry that is open.</summary>
        Coalesced,

        /// <summary>It was dropped, the first of its plugin in this minute.</summary>
        DroppedFirst,

        /// <summary>It was dropped.</summary>
        Dropped,
    }

    /// <summary>True while equal faults are waiting to be told together.</summary>
    public bool HasPending
    {
        get
        {
            lock (_lock)
            {
                return _pending > 0;
            }
        }
    }

    /// <summary>Takes a fault whose texts are bounded.</summary>
    /// <param name="fault">The fault. One that has an id already gets an entry in any case: calls refer to it.</param>
    /// <param name="now">The time.</param>
    /// <param name="ended">What <see cref="Close"/> would have given before.</param>
    /// <returns>What became of it, and the entry that it is or is counted in; null where it was dropped.</returns>
    public (Outcome Outcome, FaultRecord? Entry) Add(FaultRecord fault, DateTimeOffset now, out IReadOnlyList<FaultRecord> ended)
    {
        Key key = new(fault.PluginId, fault.Generation, fault.Method, fault.Kind, fault.RemoteType);
        lock (_lock)
        {
            ended = Close_NeedsLock(now, all: false);
            if (fault.Id is not null)
            {
                Enter_NeedsLock(fault);
                return (Outcome.Entered, fault);
            }

            if (_open.TryGetValue(key, out Open? open))
            {
                open.Node.Value = open.Node.Value with { Count = open.Node.Value.Count + fault.Count };
                _pending += open.Untold is null ? 1 : 0;
                open.Untold = open.Untold is null
                    ? fault with { Id = open.Node.Value.Id }
                    : open.Untold with { Count = open.Untold.Count + fault.Count };
                return (Outcome.Coalesced, open.Node.Value);
            }

            Cap cap = _caps.GetValueOrDefault(fault.PluginId);
            cap = now - cap.Began >= s_capWindow ? new Cap(now, 1) : cap with { Entries = cap.Entries + 1 };
            _caps[fault.PluginId] = cap;
            if (cap.Entries > options.FaultEntriesPerMinute)
            {
                return (cap.Entries == options.FaultEntriesPerMinute + 1 ? Outcome.DroppedFirst : Outcome.Dropped, null);
            }

            LinkedListNode<FaultRecord> node = Enter_NeedsLock(fault with { Id = FaultIds.Next(now) });
            _open[key] = new Open(now, node);
            _firstEnd = _open.Count == 1 ? now + options.CoalesceWindow : _firstEnd;
            return (Outcome.Entered, node.Value);
        }
    }

    /// <summary>Ends the windows that are over, or all, and gives what was coalesced in them and not told yet.</summary>
    public IReadOnlyList<FaultRecord> Close(DateTimeOffset now, bool all)
    {
        lock (_lock)
        {
            return Close_NeedsLock(now, all);
        }
    }

    /// <summary>The last entries of a plugin or of all, oldest first.</summary>
    public FaultRecord[] Recent(string? pluginId)
    {
        lock (_lock)
        {
            return [.. _recent.Where(fault => pluginId is null || fault.PluginId == pluginId)];
        }
    }

    private LinkedListNode<FaultRecord> Enter_NeedsLock(FaultRecord fault)
    {
        LinkedListNode<FaultRecord> node = _recent.AddLast(fault);
        if (_recent.Count > options.RecentFaults)
        {
            _recent.RemoveFirst();
        }

        return node;
    }

    private List<FaultRecord> Close_NeedsLock(DateTimeOffset now, bool all)
    {
        if (_open.Count == 0 || (!all && now < _firstEnd))
        {
            return [];
        }

        List<FaultRecord> ended = [];
        _firstEnd = DateTimeOffset.MaxValue;
        foreach ((Key key, Open open) in _open.ToArray())
        {
            DateTimeOffset end = open.Began + options.CoalesceWindow;
            if (!all && now < end)
            {
                _firstEnd = end < _firstEnd ? end : _firstEnd;
                continue;
            }

            _open.Remove(key);
            if (open.Untold is { } rest)
            {
                _pending--;
                ended.Add(rest);
            }
        }

        return ended;
    }

    private readonly record struct Key(string PluginId, int Generation, string? Method, FaultKind Kind, string? RemoteType);

    private sealed class Open(DateTimeOffset began, LinkedListNode<FaultRecord> node)
    {
        public DateTimeOffset Began { get; } = began;

        public LinkedListNode<FaultRecord> Node { get; } = node;

        public FaultRecord? Untold { get; set; }
    }

    private readonly record struct Cap(DateTimeOffset Began, int Entries);
}
