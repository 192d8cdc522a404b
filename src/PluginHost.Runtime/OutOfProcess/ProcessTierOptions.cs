using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Transport;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>How workers are started, called and stopped. Immutable.</summary>
public sealed record ProcessTierOptions
{
    /// <summary>The codec between host and worker. Default <see cref="RpcCodec.MessagePack"/>; JSON can be read while debugging.</summary>
    public RpcCodec Codec { get; init; } = RpcCodec.MessagePack;

    /// <summary>What carries the messages. Default <see cref="WorkerTransport.Auto"/>: rings in shared memory where the system has them.</summary>
    public WorkerTransport Transport { get; init; } = WorkerTransport.Auto;

    /// <summary>The size of each of a worker's two rings in bytes; memory is used as far as it was ever filled. A power of two, 4 KiB to 64 MiB. Default 1 MiB.</summary>
    public int RingBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// How much memory a worker and the host may share for large values, each way, in bytes; pages are used as they are needed and given back after
    /// 5 s. 0 for none: large values then travel in parts. Whole pages of 4 KiB, 1 MiB to 64 GiB. Default 512 MiB.
    /// </summary>
    public long PayloadAreaBytes { get; init; } = PayloadMemory.UsualAreaBytes;

    /// <summary>
    /// The largest <c>byte[]</c> or <c>Memory&lt;byte&gt;</c> in an argument or a result, in bytes, where it travels beside its message: values above
    /// 64 KiB do, and <c>limits.message</c> does not count them. 64 KiB to 1 GiB. Default 256 MiB.
    /// </summary>
    public int MaxPayloadBytes { get; init; } = new PayloadOptions().MaxBytes;

    /// <summary>The folder that holds PluginHost.Worker.dll; null (the default) for <c>worker</c> beside the engine's own assembly.</summary>
    public string? WorkerFolder { get; init; }

    /// <summary>The host's own folder for the runtime configurations of workers whose plugins need more frameworks; null (the default) starts all workers alike.</summary>
    internal string? FrameworkConfigurations { get; init; }

    /// <summary>From the start of the process to agreement on version and codec. 100 ms to 10 min. Default 10 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For loading the plugin and its StartAsync. 100 ms to 1 h. Default 30 s.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From the end of the drain to SIGTERM. 0 to 10 min. Default 2 s.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>From SIGTERM to SIGKILL of the whole process group. 0 to 10 min. Default 3 s.</summary>
    public TimeSpan TerminateGrace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a lost call waits for the cause of the loss. 0 to 10 s. Default 1 s.</summary>
    public TimeSpan CauseGrace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>When a worker counts as hung. Defaults: unresponsive after 10 s, ended after 30 s.</summary>
    public HangOptions Hangs { get; init; } = new();

    /// <summary>How many workers without a plugin stand ready. Default none; an application's own options (<see cref="PluginRuntimeOptions.Spares"/>) say otherwise.</summary>
    public SpareOptions Spares { get; init; } = SpareOptions.None;

    /// <summary>All problems of these options; empty where they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [.. Hangs.Validate(), .. Spares.Validate()];
        TimeSpan tenMinutes = TimeSpan.FromMinutes(10);
        Check(problems, nameof(HandshakeTimeout), HandshakeTimeout, TimeSpan.FromMilliseconds(100), tenMinutes);
        Check(problems, nameof(StartTimeout), StartTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        Check(problems, nameof(StopGrace), StopGrace, TimeSpan.Zero, tenMinutes);
        Check(problems, nameof(TerminateGrace), TerminateGrace, TimeSpan.Zero, tenMinutes);
        Check(problems, nameof(CauseGrace), CauseGrace, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        if (!Enum.IsDefined(Codec))
        {
            problems.Add($"{nameof(Codec)} is {(int)Codec}; expected {string.Join(" or ", Enum.GetNames<RpcCodec>())}.");
        }

        if (!Enum.IsDefined(Transport))
        {
            problems.Add($"{nameof(Transport)} is {(int)Transport}; expected {string.Join(", ", Enum.GetNames<WorkerTransport>())}.");
        }

        if (!RingTransport.IsRingSize(RingBytes))
        {
            problems.Add($"{nameof(RingBytes)} is {RingBytes}; expected a power of two from 4096 to 67108864.");
        }

        if (PayloadAreaBytes != 0 && !PayloadMemory.IsAreaSize(PayloadAreaBytes))
        {
            problems.Add($"{nameof(PayloadAreaBytes)} is {PayloadAreaBytes}; expected 0, or 1048576 to 68719476736 in steps of 4096.");
        }

        if (MaxPayloadBytes is < 64 * 1024 or > 1024 * 1024 * 1024)
        {
            problems.Add($"{nameof(MaxPayloadBytes)} is {MaxPayloadBytes}; expected 65536 to 1073741824.");
        }

        if (WorkerFolder is not null && !Path.IsPathFullyQualified(WorkerFolder))
        {
            problems.Add($"{nameof(WorkerFolder)} is '{WorkerFolder}'; expected an absolute path, or null for the folder beside the engine.");
        }

        return problems;
    }

    private static void Check(List<string> problems, string name, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most)
        {
            problems.Add($"{name} is {value}; expected {least} to {most}.");
        }
    }
}
