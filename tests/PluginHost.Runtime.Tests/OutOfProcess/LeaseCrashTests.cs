using System.Diagnostics;
using Fixtures.Features.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>What the application holds of a worker that crashed.</summary>
public sealed class LeaseCrashTests
{
    private const string Id = SampleHost.Features;

    [Fact]
    public async Task An_object_of_a_worker_that_crashed_is_gone_with_the_cause_and_makes_no_second_fault()
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        await using SampleHost host = await SampleHost.StartFeaturesAsync(PluginTier.Process);
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        ISession session = await features.OpenSessionAsync("ann", cancelled);
        using Process worker = Process.GetProcessById(host.Status(Id).WorkerPid!.Value);
        worker.Kill();
        await worker.WaitForExitAsync(cancelled);

        // The next generation answers; a new object of it is as good as the old one was.
        ISession another = await features.OpenSessionAsync("eve", cancelled);
        Assert.Equal("eve greets bob", await another.GreetAsync("bob", cancelled));
        PluginUnavailableException gone = await Assert.ThrowsAsync<PluginUnavailableException>(() => session.GreetAsync("bob", cancelled));

        Assert.Equal((Id, FaultKind.Unavailable, true, "SIGKILL"), (gone.PluginId, gone.Kind, gone.IsRetryable, gone.Cause.Signal));
        FaultRecord crash = Assert.Single(host.Runtime.Faults);
        Assert.Equal("SIGKILL", crash.Signal);
    }
}
