using PluginHost.Contracts;

namespace PluginHost.Runtime.Model;

/// <summary>Reads the sections that manifests and policies share.</summary>
internal static class SharedSections
{
    /// <summary>The words of trust.</summary>
    public static readonly (string Word, TrustLevel Value)[] TrustWords =
        [("full", TrustLevel.Full), ("standard", TrustLevel.Standard), ("untrusted", TrustLevel.Untrusted)];

    /// <summary>The words of isolation.</summary>
    public static readonly (string Word, IsolationMode Value)[] IsolationWords = [("shared", IsolationMode.Shared), ("per-call", IsolationMode.PerCall)];

    /// <summary>The words of a program's channel.</summary>
    public static readonly (string Word, ProgramChannel Value)[] ChannelWords = [("stdio", ProgramChannel.Stdio), ("descriptor", ProgramChannel.Descriptor)];

    /// <summary>The words of restarting.</summary>
    public static readonly (string Word, RestartType Value)[] RestartWords =
        [("permanent", RestartType.Permanent), ("transient", RestartType.Transient), ("temporary", RestartType.Temporary)];

    /// <summary>The words of spares.</summary>
    public static readonly (string Word, SpareMode Value)[] SpareWords = [("none", SpareMode.None), ("warm", SpareMode.Warm), ("hot", SpareMode.Hot)];

    /// <summary>The most workers of a plugin.</summary>
    public const int MaxWorkers = 1024;

    /// <summary>The least memory limit in bytes.</summary>
    public const long LeastMemory = 1L << 20;

    /// <summary>The greatest memory limit in bytes.</summary>
    public const long MostMemory = 1L << 50;

    /// <summary>The most processors.</summary>
    public const double MostCpu = 1024;

    /// <summary>The most threads.</summary>
    public const int MostThreads = 100_000;

    /// <summary>The most calls at once.</summary>
    public const int MostConcurrency = 65_536;

    /// <summary>The longest queue.</summary>
    public const int MostQueue = 1_000_000;

    /// <summary>The least message limit in bytes.</summary>
    public const int LeastMessage = 1 << 10;

    /// <summary>The greatest message limit in bytes.</summary>
    public const int MostMessage = 1 << 30;

    /// <summary>The most restarts in a window.</summary>
    public const int MostRestarts = 1000;

    /// <summary>The shortest time-out.</summary>
    public static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(1);

    /// <summary>The shortest window.</summary>
    public static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>The longest time-out of a call and the longest window.</summary>
    public static readonly TimeSpan Day = TimeSpan.FromHours(24);

    /// <summary>The longest duration that can be written.</summary>
    public static readonly TimeSpan Longest = new(9999, 59, 59);

    /// <summary>The word for a level.</summary>
    public static string Word(TrustLevel trust) => Array.Find(TrustWords, w => w.Value == trust).Word;

    /// <summary>The word for a way of restarting.</summary>
    public static string Word(RestartType type) => Array.Find(RestartWords, w => w.Value == type).Word;

    /// <summary>The word for a channel.</summary>
    public static string Word(ProgramChannel channel) => Array.Find(ChannelWords, w => w.Value == channel).Word;

    /// <summary>Reads <c>limits</c>.</summary>
    /// <param name="parent">The fields it is one of.</param>
    /// <param name="nullable">Whether null is accepted for "none" where none is what an absent member means.</param>
    public static LimitOverrides Limits(FieldSet parent, bool nullable)
    {
        if (parent.Section("limits") is not { } fields)
        {
            return new();
        }

        var limits = new LimitOverrides
        {
            Memory = fields.Size("memory", LeastMemory, MostMemory, nullable),
            Cpu = fields.Positive("cpu", MostCpu, nullable),
            Threads = (int?)fields.Whole("threads", 1, MostThreads, nullable),
            CallTimeout = fields.Duration("callTimeout", LeastTimeout, Day),
            IdleTimeout = fields.Duration("idleTimeout", LeastTimeout, Longest, nullable),
            Concurrency = (int?)fields.Whole("concurrency", 1, MostConcurrency),
            Queue = (int?)fields.Whole("queue", 0, MostQueue),
            Message = (int?)fields.Size("message", LeastMessage, MostMessage),
        };
        fields.End();
        return limits;
    }

    /// <summary>Reads <c>recycle</c>.</summary>
    /// <param name="parent">The fields it is one of.</param>
    /// <param name="nullable">Whether null is accepted for "off".</param>
    public static RecycleOverrides Recycle(FieldSet parent, bool nullable)
    {
        if (parent.Section("recycle") is not { } fields)
        {
            return new();
        }

        var recycle = new RecycleOverrides
        {
            Calls = fields.Whole("calls", 1, long.MaxValue, nullable),
            Age = fields.Duration("age", Second, Longest, nullable),
            Memory = fields.Size("memory", LeastMemory, MostMemory, nullable),
            MemoryHard = fields.Size("memoryHard", LeastMemory, MostMemory, nullable),
        };
        if (recycle.Memory >= recycle.MemoryHard)
        {
            fields.Session.Report(
                fields.Find("memoryHard")!,
                $"is {Quantities.Size(recycle.MemoryHard.Value)}, and \"memory\" is {Quantities.Size(recycle.Memory.Value)}, expected more than that: above \"memory\" a worker is replaced, above \"memoryHard\" it is killed. Raise it.");
        }

        fields.End();
        return recycle;
    }

    /// <summary>Reads <c>restart</c>.</summary>
    public static RestartOverrides Restart(FieldSet parent)
    {
        if (parent.Section("restart") is not { } fields)
        {
            return new();
        }

        var restart = new RestartOverrides
        {
            Type = fields.Word("type", RestartWords),
            Limit = (int?)fields.Whole("limit", 0, MostRestarts),
            Window = fields.Duration("window", Second, Day),
        };
        fields.End();
        return restart;
    }

    /// <summary>Reads <c>permissions</c>; null where they are absent.</summary>
    public static PluginPermissions? Permissions(FieldSet parent)
    {
        if (parent.Section("permissions") is not { } fields)
        {
            return null;
        }

        static bool IsPath(string text) => text.Length is > 0 and <= 4096 && !text.Contains('\0');
        static bool IsVariable(string text) =>
            text.Length is > 0 and <= 256 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
        var permissions = new PluginPermissions
        {
            Read = fields.Texts("read", "a path as a string", IsPath) ?? [],
            Write = fields.Texts("write", "a path as a string", IsPath) ?? [],
            Env = fields.Texts("env", "the name of an environment variable such as \"LANG\"", IsVariable) ?? [],
            Network = fields.Boolean("network") ?? false,
        };
        fields.End();
        return permissions;
    }
}
