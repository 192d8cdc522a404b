using System.Collections.Concurrent;
using PluginHost.Contracts.Faults;

namespace PluginHost.Telemetry.Recording;

/// <summary>The figures of one plugin in one tier. Lives as long as its recorder, over restarts. Thread-safe.</summary>
public sealed class PluginRecorder
{
    private const string OtherMethods = "(other)";
    private const string OtherCauses = "(other)";
    private const int CausesKept = 32;
    private readonly Recorder _recorder;
    private readonly ConcurrentDictionary<string, MethodRecorder> _methods = new(StringComparer.Ordinal);
    private readonly KindCounters _kinds = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _restarts = [];
    private long _dropped;
    private long _lostThreads;

    internal PluginRecorder(Recorder recorder, string id, PluginTier? tier)
    {
        _recorder = recorder;
        Id = id;
        Tier = tier;
    }

    /// <summary>The plugin's id.</summary>
    public string Id { get; }

    /// <summary>The tier; null for faults before the plugin ran anywhere.</summary>
    public PluginTier? Tier { get; }

    /// <summary>Threads of the application that its calls hold now beyond their time. Set by who looks for them.</summary>
    public long LostThreads
    {
        get => Volatile.Read(ref _lostThreads);
        set => Volatile.Write(ref _lostThreads, value);
    }

    /// <summary>The recorder of a method: always the same one for a name. Keep it: the look-up is not for every call.</summary>
    /// <param name="wireName">Such as <c>Markdown.Render</c>. Past <see cref="RecorderOptions.MethodsPerPlugin"/> names share one.</param>
    public MethodRecorder Method(string wireName)
    {
        ArgumentNullException.ThrowIfNull(wireName);
        if (_methods.TryGetValue(wireName, out MethodRecorder? known))
        {
            return known;
        }

        lock (_lock)
        {
            string name = _methods.Count < _recorder.Options.MethodsPerPlugin ? wireName : OtherMethods;
            return _methods.GetOrAdd(name, static name => new MethodRecorder(name));
        }
    }

    /// <summary>Counts an incident and tells it, coalesced and capped. Texts are bounded and escaped here.</summary>
    /// <param name="fault">The incident. Its plugin and tier must be this recorder's, a missing tier is filled in.</param>
    /// <returns>The id of the entry that it is or is counted in; null where it was dropped.</returns>
    public string? Fault(FaultRecord fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        _kinds.Add(fault.Kind, fault.Count);
        if (fault.Method is { } method)
        {
            Method(ForeignText.Line(method, _recorder.Options.MessageBytes)!).CountFaults(fault.Kind, fault.Count);
        }

        string? id = _recorder.Take(fault.Tier is null ? fault with { Tier = Tier } : fault);
        if (id is null)
        {
            Interlocked.Add(ref _dropped, fault.Count);
        }

        return id;
    }

    internal void CountRestart(string cause)
    {
        lock (_lock)
        {
            string kept = _restarts.Count < CausesKept || _restarts.ContainsKey(cause) ? cause : OtherCauses;
            _restarts[kept] = _restarts.GetValueOrDefault(kept) + 1;
        }
    }

    internal PluginReading Read()
    {
        Dictionary<string, long> restarts;
        lock (_lock)
        {
            restarts = new(_restarts);
        }

        return new PluginReading(Id, Tier, _kinds.Read(), restarts, Interlocked.Read(ref _dropped), LostThreads, MethodsByName());
    }

    internal CallCounts Counts() => MethodsByName().Aggregate(default(CallCounts), static (sum, method) => sum + method.Counts());

    private List<MethodRecorder> MethodsByName() => [.. _methods.Values.OrderBy(method => method.Name, StringComparer.Ordinal)];
}

/// <summary>What a plugin's recorder holds beside its methods' figures.</summary>
internal sealed record PluginReading(
    string Id,
    PluginTier? Tier,
    IReadOnlyDictionary<FaultKind, long> FaultsByKind,
    IReadOnlyDictionary<string, long> RestartsByCause,
    long FaultsDropped,
    long LostThreads,
    IReadOnlyList<MethodRecorder> Methods);
