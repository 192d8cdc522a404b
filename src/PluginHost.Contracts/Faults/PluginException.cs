namespace PluginHost.Contracts.Faults;

/// <summary>The base of everything a call to a plugin can throw that is neither a declared error nor the caller's own cancellation.</summary>
public abstract class PluginException : Exception
{
    private protected PluginException(string message, PluginFault fault, Exception? inner = null)
        : base(message, inner)
    {
        ArgumentNullException.ThrowIfNull(fault);
        Fault = fault;
    }

    /// <summary>Everything known of the fault, as plain data.</summary>
    public PluginFault Fault { get; }

    /// <summary>The plugin's id.</summary>
    public string PluginId => Fault.PluginId;

    /// <summary>What went wrong.</summary>
    public FaultKind Kind => Fault.Kind;

    /// <summary>The generation of the plugin that the call met; 0 where it met none.</summary>
    public int Generation => Fault.Generation;

    /// <summary>How the worker ended, where it did.</summary>
    public FaultCause Cause => Fault.Cause;

    /// <summary>True where the same call may succeed later without anybody changing anything.</summary>
    public bool IsRetryable => Fault.IsRetryable;

    /// <summary>When a retry makes sense, from now; null where unknown.</summary>
    public TimeSpan? RetryAfter => Fault.RetryAfter;

    /// <summary>The id of the fault record of the incident that this call died of, as in <c>faults</c>; null where none was recorded. Calls that one
    /// incident ended have the same.</summary>
    public string? FaultId => Fault.FaultId;

    /// <summary>What a person does about it.</summary>
    public string Remedy => Fault.Remedy ?? FaultKinds.Describe(Kind).Remedy;
}

/// <summary>The data that a <see cref="PluginException"/> carries. Immutable; holds no object of a plugin.</summary>
/// <param name="PluginId">The plugin's id.</param>
/// <param name="Kind">What went wrong.</param>
public sealed record PluginFault(string PluginId, FaultKind Kind)
{
    /// <summary>The tier the plugin ran in; null where it ran in none.</summary>
    public PluginTier? Tier { get; init; }

    /// <summary>The generation that the call met; 0 where it met none.</summary>
    public int Generation { get; init; }

    /// <summary>The called method as <c>Contract.Method</c>, or null.</summary>
    public string? Method { get; init; }

    /// <summary>How the worker ended, where it did.</summary>
    public FaultCause Cause { get; init; } = FaultCause.Unknown;

    /// <summary>True where the same call may succeed later. Default false.</summary>
    public bool IsRetryable { get; init; }

    /// <summary>When a retry makes sense, from now.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What a person does about it; null takes the kind's own remedy.</summary>
    public string? Remedy { get; init; }

    /// <summary>The id of the incident's fault record; null where none was recorded.</summary>
    public string? FaultId { get; init; }

    /// <summary>Which limit was exceeded, by the name it is set by (<c>limits.queue</c>); null where none was, or where it has no name.</summary>
    public string? Limit { get; init; }

    /// <summary>The full name of the exception's type on the plugin's side, as text.</summary>
    public string? RemoteType { get; init; }

    /// <summary>The exception's message on the plugin's side.</summary>
    public string? RemoteMessage { get; init; }

    /// <summary>The exception's stack on the plugin's side, as text.</summary>
    public string? RemoteStack { get; init; }
}
