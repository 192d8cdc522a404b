namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The workers of a pool that take calls, at one moment. Immutable, so that a call reads it without a lock.</summary>
/// <param name="Workers">By number; null where none runs.</param>
/// <param name="Gates">Their gates.</param>
/// <param name="Homes">The places that partition keys may belong to: all but those that were given up.</param>
internal sealed record PoolMembers(WorkerInstance?[] Workers, CallGate?[] Gates, int[] Homes);

/// <summary>One place of a pool: who is in it, or why nobody is. Guarded by the pool's lock.</summary>
internal sealed class PoolSlot
{
    /// <summary>The worker; null where none runs.</summary>
    public WorkerInstance? Worker { get; set; }

    /// <summary>Where it stands.</summary>
    public Model.WorkerState State { get; set; } = Model.WorkerState.Starting;

    /// <summary>Since when.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>When the next start is tried; null where none is planned.</summary>
    public DateTimeOffset? RetryAt { get; set; }

    /// <summary>Why nobody is in it; null where somebody is.</summary>
    public string? Reason { get; set; }
}

/// <summary>A worker of a pool ended without having been asked to, or could not be started.</summary>
/// <param name="Number">Its place.</param>
/// <param name="Fault">The one record of it.</param>
/// <param name="At">When, as a timestamp of the engine's clock.</param>
internal sealed record PoolLoss(int Number, Telemetry.Recording.FaultRecord Fault, long At);
