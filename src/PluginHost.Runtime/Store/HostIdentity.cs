using System.Globalization;
using File = System.IO.File;

namespace PluginHost.Runtime.Store;

/// <summary>A host process as nobody else can be it: its id, when it started, and the namespace in which the id counts.</summary>
/// <param name="Pid">The process id.</param>
/// <param name="Start">When it started, in the kernel's ticks since the machine did; 0 where that cannot be read.</param>
/// <param name="Namespace">The pid namespace's number; 0 where that cannot be read.</param>
internal sealed record HostIdentity(int Pid, long Start, long Namespace)
{
    private const int StateField = 0;
    private const int ThreadsField = 17;
    private const int StartField = 19;
    private static readonly Lazy<HostIdentity> s_current = new(() => new HostIdentity(Environment.ProcessId, StartOf(Environment.ProcessId) ?? 0, NamespaceOfThis()));

    /// <summary>This process.</summary>
    public static HostIdentity Current => s_current.Value;

    /// <summary>True where the process is known to be gone. One of another namespace cannot be told from here, and counts as there.</summary>
    public bool IsGone => Namespace == Current.Namespace && Start != 0 && StartOf(Pid) != Start;

    /// <summary>Reads what <see cref="ToString"/> writes; null where it is something else.</summary>
    public static HostIdentity? Parse(string text) =>
        text.Split('-') is [var pid, var start, var space]
        && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
        && long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out long ticks)
        && long.TryParse(space, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? new HostIdentity(id, ticks, number)
            : null;

    /// <summary>As <c>PID-START-NAMESPACE</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid}-{Start}-{Namespace}");

    /// <summary>
    /// When a process started, in ticks since the machine did; null where there is none, or where nothing is left of it but a status that its parent has
    /// not asked for.
    /// </summary>
    public static long? StartOf(int pid)
    {
        try
        {
            // "pid (name) state ...": the name may hold spaces and brackets.
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');

            // A main thread that has ended shows as dead, too, while others run on.
            bool isDead = fields[StateField] is "Z" or "X" && int.Parse(fields[ThreadsField], CultureInfo.InvariantCulture) <= 1;
            return isDead ? null : long.Parse(fields[StartField], CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long NamespaceOfThis()
    {
        // "pid:[4026531836]"
        string? target = new FileInfo("/proc/self/ns/pid").LinkTarget;
        return target is not null && long.TryParse(target.AsSpan(target.IndexOf('[', StringComparison.Ordinal) + 1).TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : 0;
    }
}
