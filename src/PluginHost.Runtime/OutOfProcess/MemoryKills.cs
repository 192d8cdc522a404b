using System.Globalization;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// How often the kernel has killed something of this process's control group for its memory: the only trace that such a kill leaves. Each is put down to
/// one death at most, so that a worker that somebody kills later is not taken for another. Thread-safe.
/// </summary>
/// <param name="count">Gives the count so far.</param>
internal sealed class MemoryKills(Func<long> count)
{
    private const string Field = "oom_kill ";
    private readonly Lock _lock = new();
    private long _putDown;

    /// <summary>Those of this process's control group.</summary>
    public static MemoryKills Shared { get; } = new(Count);

    /// <summary>Marks the moment that a worker's life begins.</summary>
    public Mark Now()
    {
        lock (_lock)
        {
            return new Mark(count(), _putDown);
        }
    }

    /// <summary>Puts a kill down to a worker that has just been killed; false where there was none since it began, or none that is not another's.</summary>
    public bool TryPutDown(Mark began)
    {
        lock (_lock)
        {
            if (count() - began.Count <= _putDown - began.PutDown)
            {
                return false;
            }

            _putDown++;
            return true;
        }
    }

    /// <summary>The count so far; 0 where the kernel does not tell.</summary>
    public static long Count()
    {
        try
        {
            return Files(File.ReadAllLines("/proc/self/cgroup")).Where(File.Exists).SelectMany(File.ReadAllLines)
                .Where(l => l.StartsWith(Field, StringComparison.Ordinal))
                .Sum(l => long.TryParse(l.AsSpan(Field.Length), CultureInfo.InvariantCulture, out long count) ? count : 0);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>The files that hold it, both versions, seen from outside and from inside a container.</summary>
    /// <param name="groups">The lines of /proc/self/cgroup: <c>id:controllers:path</c>.</param>
    internal static IEnumerable<string> Files(IEnumerable<string> groups)
    {
        foreach (string[] parts in groups.Select(g => g.Split(':', 3)).Where(p => p.Length == 3))
        {
            if (parts[1].Length == 0)
            {
                yield return $"/sys/fs/cgroup{parts[2].TrimEnd('/')}/memory.events";
            }
            else if (parts[1].Split(',').Contains("memory"))
            {
                yield return $"/sys/fs/cgroup/memory{parts[2].TrimEnd('/')}/memory.oom_control";
            }
        }
    }

    /// <summary>How many there were at a moment, and how many of those were put down to somebody.</summary>
    public readonly record struct Mark(long Count, long PutDown);
}
