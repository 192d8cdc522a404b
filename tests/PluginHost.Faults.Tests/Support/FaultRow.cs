using PluginHost.Contracts.Faults;

namespace PluginHost.Faults.Tests.Support;

/// <summary>What the policy makes of a fault.</summary>
internal enum Aftermath
{
    /// <summary>The same generation goes on.</summary>
    GoesOn,

    /// <summary>The next generation comes at once.</summary>
    Restarted,

    /// <summary>The start is tried once more after a second, and succeeds.</summary>
    Retried,

    /// <summary>Nothing more until somebody resets it.</summary>
    Quarantined,

    /// <summary>The same, and its start was never tried again.</summary>
    QuarantinedAtOnce,

    /// <summary>Starting again cannot help: nothing more until its folder has changed.</summary>
    Refused,

    /// <summary>The next generation comes because somebody asked for it; nothing is spent.</summary>
    Replaced,

    /// <summary>The next generation runs in a child process.</summary>
    Demoted,
}

/// <summary>What becomes of calls that are in flight at the fault.</summary>
internal enum InFlight
{
    /// <summary>There are none.</summary>
    None,

    /// <summary>Each ends with the typed error that points to the record.</summary>
    Fail,

    /// <summary>They go on.</summary>
    GoOn,
}

/// <summary>One way to bring one fault about, and what is to come of it.</summary>
/// <param name="Number">The fault's number in the list.</param>
/// <param name="Mode">How it is brought about: with the number, the row's name.</param>
/// <param name="Inject">Brings it about.</param>
internal sealed record FaultRow(int Number, string Mode, Func<FaultRun, Task> Inject)
{
    /// <summary>The kinds of the records that it makes, in their order; usually one.</summary>
    public FaultKind[] Records { get; init; } = [];

    /// <summary>What the last of the records says, or the reason of a plugin that may not run.</summary>
    public string Says { get; init; } = "";

    /// <summary>What the policy does.</summary>
    public Aftermath Then { get; init; } = Aftermath.Restarted;

    /// <summary>True where what is asked of the plugin at the same moment may come first, and takes the fault's place: then there is no record.</summary>
    public bool IsRace { get; init; }

    /// <summary>What becomes of calls in flight.</summary>
    public InFlight Calls { get; init; } = InFlight.Fail;

    /// <summary>Puts right what the fault has broken, where something has to be; before the next call.</summary>
    public Func<FaultRun, Task>? Mend { get; init; }

    /// <summary>In what time the fault is over: brought about, told to every caller, and followed by what the policy does.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The row's name.</summary>
    public string Name => $"{Number:00} {Mode}";
}
