using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.OutOfProcess;

namespace PluginHost.Processes.Tests.OutOfProcess;

public sealed class ProcessTierOptionsTests
{
    [Fact]
    public void The_defaults_are_valid() => Assert.Empty(new ProcessTierOptions().Validate());

    [Fact]
    public void All_problems_are_told_at_once()
    {
        ProcessTierOptions options = new()
        {
            Codec = (RpcCodec)9,
            Transport = (WorkerTransport)9,
            RingBytes = 5000,
            WorkerFolder = "worker",
            HandshakeTimeout = TimeSpan.Zero,
            StartTimeout = TimeSpan.Zero,
            StopGrace = TimeSpan.FromHours(1),
            TerminateGrace = TimeSpan.FromSeconds(-1),
            CauseGrace = TimeSpan.FromMinutes(1),
        };

        IReadOnlyList<string> problems = options.Validate();

        Assert.Equal(9, problems.Count);
        Assert.All(problems, p => Assert.Contains("expected", p));
    }
}
