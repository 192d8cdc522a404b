namespace PluginHost.Runtime.Processes;

/// <summary>A descriptor that the spawner's thread watches. Everything here runs on that thread, never blocks and calls no foreign code.</summary>
internal abstract class PolledDescriptor
{
    /// <summary>The descriptor; open until <see cref="Close"/>.</summary>
    public abstract int Descriptor { get; }

    /// <summary>Called when there is something to read. False where there will never be more: it is then closed.</summary>
    public abstract bool OnReadable();

    /// <summary>True where somebody else ended the watch.</summary>
    public virtual bool IsStopped => false;

    /// <summary>Called once, when the watch ends.</summary>
    public abstract void Close();
}
