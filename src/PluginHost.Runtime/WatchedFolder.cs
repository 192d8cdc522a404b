namespace PluginHost.Runtime;

/// <summary>What comes of a look at a folder.</summary>
internal enum FolderVerdict
{
    /// <summary>Nothing: as it was, or changing still.</summary>
    None,

    /// <summary>It is to be taken.</summary>
    Take,

    /// <summary>It held a plugin and does so no more.</summary>
    Gone,

    /// <summary>Files have changed and its manifest has not: whoever changes it is not done, or has forgotten that.</summary>
    AwaitsManifest,
}

/// <summary>What a watch knows of one folder, and what it makes of a look at it. Used by the watch's loop alone.</summary>
internal sealed class WatchedFolder
{
    private FolderStamp? _seen;

    /// <summary>As it was when it was taken last.</summary>
    public FolderStamp Taken { get; set; }

    /// <summary>When something changed, or it was looked at and has to be looked at again; null where nothing is to be looked at.</summary>
    public long? ChangedAt { get; set; }

    /// <summary>True where it could not be taken last.</summary>
    public bool HasFailed { get; set; }

    /// <summary>How long it is to be left alone; null where nothing is to be looked at.</summary>
    public TimeSpan? Left(TimeProvider clock, TimeSpan quiet) =>
        ChangedAt is not { } at ? null : clock.GetElapsedTime(at) is var passed && passed < quiet ? quiet - passed : TimeSpan.Zero;

    /// <summary>True where it is to be looked at now.</summary>
    public bool IsDue(TimeProvider clock, TimeSpan quiet) => Left(clock, quiet) == TimeSpan.Zero;

    /// <summary>Looks.</summary>
    /// <param name="seen">As it is now; null where it changes while it is looked at.</param>
    /// <param name="now">The time.</param>
    public FolderVerdict Look(FolderStamp? seen, long now)
    {
        if (seen is not { } stamp || seen != _seen)
        {
            // Looked at once more: nobody tells of every change.
            _seen = seen;
            ChangedAt = now;
            return FolderVerdict.None;
        }

        FolderStamp before = Taken;
        ChangedAt = null;
        _seen = null;
        if (stamp.Manifest == 0)
        {
            Taken = stamp;
            HasFailed = false;
            return before.Manifest == 0 ? FolderVerdict.None : FolderVerdict.Gone;
        }

        if (stamp.Manifest != before.Manifest || (HasFailed && stamp.Files != before.Files))
        {
            Taken = stamp;
            HasFailed = false;
            return FolderVerdict.Take;
        }

        return stamp.Files != before.Files ? FolderVerdict.AwaitsManifest : FolderVerdict.None;
    }
}
