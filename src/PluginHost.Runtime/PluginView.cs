using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <summary>What is true of one plugin at one moment. Immutable; a change makes a new one and completes the old one's <see cref="Changed"/>.</summary>
internal sealed record PluginView
{
    private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The state.</summary>
    public required PluginState State { get; init; }

    /// <summary>The generation that is starting, running or ran last; 0 before the first.</summary>
    public required int Generation { get; init; }

    /// <summary>The running generation; null unless <see cref="PluginState.Ready"/>.</summary>
    public IPluginInstance? Instance { get; init; }

    /// <summary>Since when.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Why, in words; null where the state speaks for itself.</summary>
    public string? Reason { get; init; }

    /// <summary>The id of the fault record that led to this state; null where none did.</summary>
    public string? FaultId { get; init; }

    /// <summary>When the next start is tried; null where none is planned.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>True where calls may wait: the plugin is on its way to <see cref="PluginState.Ready"/>.</summary>
    public bool WillReturn { get; init; }

    /// <summary>Ends when this view is no longer true.</summary>
    public Task Changed => _changed.Task;

    /// <summary>Says that this view is no longer true.</summary>
    public void Supersede() => _changed.TrySetResult();
}
