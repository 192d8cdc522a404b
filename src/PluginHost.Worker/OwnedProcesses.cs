using System.Globalization;
using System.Text;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>
/// Finds and kills what the children of one host have started: by the mark that they inherited in their environment, or as members of a child's
/// process group. What has cleared its environment and has left the group as well is not found. For one thread.
/// </summary>
/// <param name="host">The host, as in <see cref="WorkerEnvironment.Owner"/>.</param>
internal sealed class OwnedProcesses(string host)
{
    private const int MostEnvironment = 4 * 1024 * 1024;
    private readonly byte[] _mark = Encoding.UTF8.GetBytes($"{WorkerEnvironment.Owner}={host}/");
    private byte[] _buffer = new byte[16 * 1024];

    /// <summary>Looks at every process once and kills those of the wanted children.</summary>
    /// <param name="isWanted">Told the number of a child; whether what it has started is to end, itself included.</param>
    /// <param name="groups">Process groups whose members are to end, whatever their environment says.</param>
    /// <param name="killed">Told of each: its id, and the number of the child that it belongs to, -1 where only its group is known.</param>
    /// <returns>How many were found, killed or not.</returns>
    public int Kill(Func<long, bool> isWanted, IReadOnlyCollection<int> groups, Action<int, long>? killed = null)
    {
        int found = 0;
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && pid != Environment.ProcessId && IsMatch(pid, isWanted, groups, out long number))
            {
                // Between the look and the kill the number could have gone to another process: what is killed is looked at once more.
                int pidfd = Libc.PidfdOpen(pid);
                if (pidfd < 0)
                {
                    continue;
                }

                if (IsMatch(pid, isWanted, groups, out number))
                {
                    found++;
                    killed?.Invoke(pid, number);
                    Libc.PidfdKill(pidfd);
                }

                Libc.Close(pidfd);
            }
        }

        return found;
    }

    /// <summary>A process's name, as the kernel knows it.</summary>
    public string NameOf(int pid) => Encoding.UTF8.GetString(ReadFile(pid, "comm")).TrimEnd('\n');

    private bool IsMatch(int pid, Func<long, bool> isWanted, IReadOnlyCollection<int> groups, out long number)
    {
        number = NumberOf(ReadFile(pid, "environ"));
        if (number >= 0)
        {
            return isWanted(number);
        }

        return groups.Count > 0 && GroupOf(pid) is { } group && groups.Contains(group);
    }

    /// <summary>The number in the mark of an environment; -1 where it has none of this host.</summary>
    private long NumberOf(ReadOnlySpan<byte> environment)
    {
        for (int from = 0; environment[from..].IndexOf(_mark) is >= 0 and int at; from += at + _mark.Length)
        {
            int start = from + at;
            if (start != 0 && environment[start - 1] != 0)
            {
                continue;
            }

            ReadOnlySpan<byte> rest = environment[(start + _mark.Length)..];
            int end = rest.IndexOf((byte)0);
            if (long.TryParse(end < 0 ? rest : rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                return number;
            }
        }

        return -1;
    }

    /// <summary>A living process's group: "pid (name) state parent group ...".</summary>
    private int? GroupOf(int pid)
    {
        ReadOnlySpan<byte> stat = ReadFile(pid, "stat");
        int name = stat.LastIndexOf((byte)')');
        if (name < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> fields = stat[(name + 1)..].TrimStart((byte)' ');
        if (fields.IsEmpty || fields[0] is (byte)'Z' or (byte)'X')
        {
            return null;
        }

        int field = 0;
        foreach (Range part in fields.Split((byte)' '))
        {
            if (field++ == 2)
            {
                return int.TryParse(fields[part], NumberStyles.None, CultureInfo.InvariantCulture, out int group) ? group : null;
            }
        }

        return null;
    }

    private ReadOnlySpan<byte> ReadFile(int pid, string name)
    {
        Span<byte> path = stackalloc byte[64];
        Encoding.UTF8.TryGetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/{name}\0"), path, out _);
        int file = Libc.Open(path);
        if (file < 0)
        {
            return [];
        }

        int length = 0;
        while (true)
        {
            if (length == _buffer.Length)
            {
                if (length >= MostEnvironment)
                {
                    break;
                }

                Array.Resize(ref _buffer, length * 2);
            }

            int count = Libc.Read(file, _buffer.AsSpan(length));
            if (count <= 0)
            {
                break;
            }

            length += count;
        }

        Libc.Close(file);
        return _buffer.AsSpan(0, length);
    }
}
