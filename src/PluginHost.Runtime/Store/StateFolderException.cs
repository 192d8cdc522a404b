namespace PluginHost.Runtime.Store;

/// <summary>A state folder cannot be used; the message says why and what to do.</summary>
internal sealed class StateFolderException : Exception
{
    /// <summary>Creates one.</summary>
    /// <param name="message">Why, and what to do.</param>
    /// <param name="locked">Whether another host has it.</param>
    public StateFolderException(string message, bool locked = false)
        : base(message) => Locked = locked;

    /// <summary>Whether another host has it, so that the next one may be free.</summary>
    public bool Locked { get; }
}
