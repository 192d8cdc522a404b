using System.Diagnostics;
using PluginHost.Runtime.Store;

namespace PluginHost.Runtime.Tests.Store;

public sealed class HostIdentityTests
{
    [Fact]
    public void This_process_is_there_and_reads_as_it_writes()
    {
        HostIdentity current = HostIdentity.Current;

        Assert.Equal((Environment.ProcessId, false), (current.Pid, current.IsGone));
        Assert.True(current.Start > 0 && current.Namespace > 0);
        Assert.Equal(current, HostIdentity.Parse(current.ToString()));
    }

    [Fact]
    public void A_number_that_another_process_has_now_is_gone()
    {
        Assert.True((HostIdentity.Current with { Start = HostIdentity.Current.Start - 1 }).IsGone);
    }

    [Fact]
    public async Task A_process_that_ended_is_gone()
    {
        using Process process = Process.Start("sleep", "600");
        HostIdentity identity = HostIdentity.Current with { Pid = process.Id, Start = HostIdentity.StartOf(process.Id)!.Value };
        bool before = identity.IsGone;

        process.Kill();
        await process.WaitForExitAsync();

        Assert.Equal((false, true), (before, identity.IsGone));
    }

    [Fact]
    public async Task A_process_that_ended_and_whose_parent_never_asks_how_is_gone()
    {
        // The shell's child ends; what the shell becomes knows of no child.
        using Process parent = Process.Start(new ProcessStartInfo("sh", ["-c", "sleep 600 & echo $!; exec sleep 600"]) { RedirectStandardOutput = true })!;
        int pid = int.Parse((await parent.StandardOutput.ReadLineAsync())!, System.Globalization.CultureInfo.InvariantCulture);
        await UntilAsync(() => File.ReadAllText($"/proc/{parent.Id}/comm") == "sleep\n");
        HostIdentity identity = HostIdentity.Current with { Pid = pid, Start = HostIdentity.StartOf(pid)!.Value };
        bool before = identity.IsGone;

        using (Process child = Process.GetProcessById(pid))
        {
            child.Kill();
        }

        await UntilAsync(() => File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal));
        bool after = identity.IsGone;
        parent.Kill();
        await parent.WaitForExitAsync();

        Assert.Equal((false, true), (before, after));
    }

    [Fact]
    public void A_process_of_another_namespace_cannot_be_told_and_counts_as_there()
    {
        Assert.False((HostIdentity.Current with { Start = 1, Namespace = 7 }).IsGone);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            Assert.False(deadline.IsCancellationRequested, "It did not come to that.");
            await Task.Delay(5, CancellationToken.None);
        }
    }
}
