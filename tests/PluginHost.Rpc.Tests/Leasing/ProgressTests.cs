using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Leasing;

/// <summary>Progress as application and plugin see it; the same in each codec.</summary>
public abstract class ProgressTests(RpcCodec codec)
{
    [Fact]
    public async Task Reports_arrive_in_order_and_all_before_the_call_completes()
    {
        await using LendingPair pair = new(codec);
        pair.Lending.Work = static (progress, _) =>
        {
            for (int report = 0; report < 500; report++)
            {
                progress!.Report(report);
            }

            return Task.FromResult(7);
        };
        Reports<int> reports = new();

        int result = await pair.Work(reports);

        Assert.Equal(7, result);
        Assert.Equal(Enumerable.Range(0, 500), reports.All);
        Assert.Equal(0, pair.Near.Leases.Progress.Count);
    }

    [Fact]
    public async Task Reports_before_an_error_arrive_before_the_error()
    {
        await using LendingPair pair = new(codec);
        pair.Lending.Work = static (progress, _) =>
        {
            progress!.Report(1);
            throw new NotFoundException("it");
        };
        Reports<int> reports = new();

        NotFoundException thrown = await Assert.ThrowsAsync<NotFoundException>(() => pair.Work(reports));

        Assert.Equal("it", thrown.Key);
        Assert.Equal([1], reports.All);
    }

    [Fact]
    public async Task A_caller_who_wants_no_progress_gives_the_callee_none()
    {
        await using LendingPair pair = new(codec);
        pair.Lending.Work = static (progress, _) => Task.FromResult(progress is null ? 1 : 0);

        int result = await pair.Work(null);

        Assert.Equal(1, result);
    }

    [Fact]
    public async Task A_report_after_the_answer_goes_nowhere()
    {
        await using LendingPair pair = new(codec);
        IProgress<int>? kept = null;
        pair.Lending.Work = (progress, _) =>
        {
            kept = progress;
            return Task.FromResult(0);
        };
        Reports<int> reports = new();
        await pair.Work(reports);

        kept!.Report(1);
        await pair.Work(new Reports<int>());

        Assert.Empty(reports.All);
    }

    [Fact]
    public async Task A_callback_that_blocks_holds_neither_the_connection_nor_the_callee()
    {
        await using LendingPair pair = new(codec);
        using ManualResetEventSlim hold = new();
        TaskCompletionSource reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Lending.Work = (progress, _) =>
        {
            progress?.Report(1);
            progress?.Report(2);
            reported.TrySetResult();
            return Task.FromResult(3);
        };
        Reports<int> reports = new() { Each = _ => hold.Wait(LendingPair.Patience) };

        Task<int> call = pair.Work(reports);
        await Until.Ends(reported.Task);
        int other = await pair.Work(null);
        bool wasOpen = !call.IsCompleted;
        hold.Set();

        Assert.Equal(3, other);
        Assert.True(wasOpen);
        Assert.Equal(3, await Until.Ends(call));
        Assert.Equal([1, 2], reports.All);
    }

    [Fact]
    public async Task A_callback_that_throws_costs_no_other_report_and_not_the_call()
    {
        await using LendingPair pair = new(codec);
        pair.Lending.Work = static (progress, _) =>
        {
            progress!.Report(1);
            progress.Report(2);
            return Task.FromResult(3);
        };
        Reports<int> reports = new() { Each = static value => _ = value == 1 ? throw new InvalidOperationException("The callback failed.") : value };

        int result = await pair.Work(reports);

        Assert.Equal(3, result);
        Assert.Equal([2], reports.All);
    }

    [Fact]
    public async Task Of_reports_that_come_faster_than_they_are_taken_the_first_and_the_latest_are_kept()
    {
        await using LendingPair pair = new(codec, near: static o => o with { Leases = new LeaseOptions { MaxQueuedReports = 3 } });
        using ManualResetEventSlim hold = new();
        TaskCompletionSource reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Lending.Work = (progress, _) =>
        {
            for (int report = 1; report <= 100; report++)
            {
                progress?.Report(report);
            }

            reported.TrySetResult();
            return Task.FromResult(0);
        };
        Reports<int> reports = new() { Each = _ => hold.Wait(LendingPair.Patience) };

        Task<int> call = pair.Work(reports);
        await Until.Ends(reported.Task);
        await pair.Work(null);
        hold.Set();
        await Until.Ends(call);

        Assert.InRange(reports.All.Count, 2, 6);
        Assert.Equal(1, reports.All[0]);
        Assert.Equal(100, reports.All[^1]);
        Assert.Equal(reports.All.Order(), reports.All);
    }

    [Fact]
    public async Task A_callee_that_reports_faster_than_it_may_sends_the_latest_before_its_answer()
    {
        await using LendingPair pair = new(codec, far: static o => o with { Leases = new LeaseOptions { MaxQueuedReports = 10, MaxReportsPerSecond = 1 } });
        pair.Lending.Work = static (progress, _) =>
        {
            for (int report = 1; report <= 1000; report++)
            {
                progress!.Report(report);
            }

            return Task.FromResult(0);
        };
        Reports<int> reports = new();

        await pair.Work(reports);

        Assert.InRange(reports.All.Count, 11, 100);
        Assert.Equal(Enumerable.Range(1, 10), reports.All.Take(10));
        Assert.Equal(1000, reports.All[^1]);
    }

    [Fact]
    public async Task A_cancelled_call_is_told_of_no_more_progress()
    {
        await using LendingPair pair = new(codec);
        TaskCompletionSource<IProgress<int>> entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<int> gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Lending.Work = (progress, _) =>
        {
            entered.TrySetResult(progress!);
            return gate.Task;
        };
        Reports<int> reports = new();
        using CancellationTokenSource cancelled = new();
        Task<int> call = pair.Work(reports, cancelled.Token);
        IProgress<int> progress = await Until.Ends(entered.Task);

        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.Ends(call));
        progress.Report(1);
        gate.SetResult(0);
        await pair.Work(null);

        Assert.Empty(reports.All);
        Assert.Equal(0, pair.Near.Leases.Progress.Count);
    }

    [Fact]
    public async Task More_receivers_than_may_be_alive_fail_the_call_that_brings_one_more()
    {
        await using LendingPair pair = new(codec, near: static o => o with { Leases = new LeaseOptions { MaxTokens = 2 } });
        TaskCompletionSource<int> gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Lending.Work = (_, _) => gate.Task;
        Task<int>[] held = [pair.Work(new Reports<int>()), pair.Work(new Reports<int>())];

        RpcSerializationException refused = await Assert.ThrowsAsync<RpcSerializationException>(() => pair.Work(new Reports<int>()));
        gate.SetResult(1);
        await Until.Ends(Task.WhenAll(held));

        Assert.Contains("2 receivers of progress", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, await pair.Work(new Reports<int>()));
    }

    public sealed class InMessagePack() : ProgressTests(RpcCodec.MessagePack);

    public sealed class InJson() : ProgressTests(RpcCodec.Json);
}
