using System.Globalization;

namespace PluginHost.Runtime.Store;

/// <summary>A host of this state folder that ended without stopping, and what it ran then.</summary>
/// <param name="Host">The host.</param>
/// <param name="Workers">The workers that had started and not ended.</param>
/// <param name="HadWorkers">Whether it had started any.</param>
internal sealed record PastHost(HostIdentity Host, IReadOnlyList<NotedWorker> Workers, bool HadWorkers)
{
    /// <summary>
    /// Reads a <see cref="RunningWorkers"/> file; null where it does not begin as one, its first line being whole. A last line that was not finished is left out.
    /// </summary>
    public static PastHost? Parse(string text)
    {
        string[] lines = text.Split('\n');
        if (lines.Length < 2 || lines[0].Split(' ') is not [RunningWorkers.HostWord, var name] || HostIdentity.Parse(name) is not { } host)
        {
            return null;
        }

        Dictionary<long, NotedWorker> workers = [];
        foreach (string line in lines[1..^1])
        {
            string[] words = line.Split(' ');
            if (words.Length < 2 || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                continue;
            }

            if (words is [RunningWorkers.BeganWord, _, var id, var plugin] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
            {
                workers[number] = new NotedWorker(number, pid, plugin);
            }
            else if (words[0] == RunningWorkers.EndedWord)
            {
                workers.Remove(number);
            }
        }

        return new PastHost(host, [.. workers.Values], lines.Length > 2);
    }
}

/// <summary>A worker in the file: of a host that is gone, or of this one.</summary>
/// <param name="Number">The number that its host gave it.</param>
/// <param name="Pid">Its process id.</param>
/// <param name="PluginId">The plugin that it ran.</param>
internal sealed record NotedWorker(long Number, int Pid, string PluginId)
{
    /// <summary>What stands for a plugin's id as long as there is none: no plugin can be called so.</summary>
    public const string NoPlugin = "(spare)";

    /// <summary>For people.</summary>
    public override string ToString() => PluginId == NoPlugin
        ? string.Create(CultureInfo.InvariantCulture, $"no plugin yet (spare worker {Pid})")
        : string.Create(CultureInfo.InvariantCulture, $"{PluginId} (worker {Pid})");
}
