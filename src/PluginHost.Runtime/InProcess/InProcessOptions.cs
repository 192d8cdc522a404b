namespace PluginHost.Runtime.InProcess;

/// <summary>How plugins are run inside the application. Immutable.</summary>
internal sealed record InProcessOptions
{
    /// <summary>How long a plugin's disposal, and the callbacks of its stopping token, may take. Above zero. Default 5 s.</summary>
    public TimeSpan DisposeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>True proves an unload by forced collections when a plugin stops. Default false: natural collections prove it.</summary>
    public bool ForceUnloadProof { get; init; }

    /// <summary>The shortest time between two forced proofs of a stop; a stop in between is left to natural collections. At least zero. Default 1 min.</summary>
    public TimeSpan ForcedProofEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>True empties the framework's caches of types, process-wide, where three forced collections have not proved an unload. Default true.</summary>
    public bool ClearFrameworkCaches { get; init; } = true;

    /// <summary>All problems of these options; empty where they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        if (DisposeTimeout <= TimeSpan.Zero)
        {
            problems.Add($"{nameof(DisposeTimeout)} is {DisposeTimeout}; expected a time above zero.");
        }

        if (ForcedProofEvery < TimeSpan.Zero)
        {
            problems.Add($"{nameof(ForcedProofEvery)} is {ForcedProofEvery}; expected zero or more.");
        }

        return problems;
    }
}
