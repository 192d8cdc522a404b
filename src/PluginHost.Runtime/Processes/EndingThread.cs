namespace PluginHost.Runtime.Processes;

/// <summary>
/// One thread of a child, whose end may be the first sign that the child ends: a killed process's threads leave within a fraction of a millisecond, and
/// only the last of them gives the memory back, which takes about 0.1 ms a MiB, before the process itself counts as ended.
/// </summary>
internal sealed class EndingThread(int pidfd, ExitWatch exit) : PolledDescriptor
{
    /// <inheritdoc/>
    public override int Descriptor => pidfd;

    /// <inheritdoc/>
    public override bool OnReadable()
    {
        exit.LookWhetherEnding();
        return false;
    }

    /// <inheritdoc/>
    public override void Close() => _ = Libc.close(pidfd);
}
