using System.Globalization;
using Fixtures;
using Fixtures.Processes.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.OutOfProcess;

/// <summary>Many calls of every kind over the ring, while some throw, some are cancelled, some are large, and workers are killed.</summary>
public sealed class RingSoakTests : IAsyncLifetime
{
    private const int Callers = 64;
    private const int Kills = 4;
    private static readonly int s_calls = FixtureWorkers.IsSoak ? 10_000_000 : 50_000;
    private readonly FixtureWorkers _workers = new(RpcCodec.MessagePack) { Options = new ProcessTierOptions { Transport = WorkerTransport.Ring } };
    private readonly Lock _lock = new();
    private Task<FixtureWorker> _current = null!;
    private int _made;
    private int _lost;
    private int _cancelled;

    public async ValueTask InitializeAsync()
    {
        _current = StartAsync(1);
        await _current;
    }

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    [Fact]
    public async Task Every_answer_matches_its_request()
    {
        Task[] callers = [.. Enumerable.Range(0, Callers).Select(i => Task.Run(() => CallAsync(i)))];
        Task killer = Task.Run(KillAsync);

        await Task.WhenAll([.. callers, killer]);

        Assert.True(_made >= s_calls, $"{_made} calls");
        Assert.True(_cancelled > 0 && _lost <= Kills * Callers, $"{_cancelled} cancelled, {_lost} lost");
    }

    private async Task CallAsync(int caller)
    {
        Random random = new(caller);
        for (int i = 0; Interlocked.Increment(ref _made) <= s_calls; i++)
        {
            FixtureWorker worker = await Volatile.Read(ref _current);
            try
            {
                await CallOnceAsync(worker.Plugin, $"{caller}-{i}", i, random);
            }
            catch (PluginException lost) when (lost.Kind != FaultKind.Exception)
            {
                // Only a kill loses calls; the next worker comes in its place.
                Assert.Equal(FaultKind.Signal, (await worker.Instance.Died.WaitAsync(Shell.Long)).Kind);
                Interlocked.Increment(ref _lost);
                Replace(worker);
            }
        }
    }

    private async Task CallOnceAsync(IFixture plugin, string text, int number, Random random)
    {
        switch (random.Next(100))
        {
            case < 40:
                Assert.Equal(text, await plugin.EchoAsync(text, CancellationToken.None));
                break;
            case < 60:
                Assert.Equal(number + 7, await plugin.AddLaterAsync(number, 7, CancellationToken.None));
                break;
            case < 75:
                Assert.Equal(number * 2, plugin.Add(number, number));
                break;
            case < 85:
                CheckThrown(plugin, text);
                break;
            case < 90:
                await CheckDeclaredAsync(plugin, text);
                break;
            case < 99:
                await CancelAsync(plugin, text, random);
                break;
            default:
                string large = string.Create(CultureInfo.InvariantCulture, $"{text}{new string('x', random.Next(200_000))}{number}");
                Assert.Equal(large, await plugin.EchoAsync(large, CancellationToken.None));
                break;
        }
    }

    /// <summary>Cancels at any moment: the call gives its answer or ends as cancelled.</summary>
    private async Task CancelAsync(IFixture plugin, string text, Random random)
    {
        using CancellationTokenSource source = new();
        Task<string> call = plugin.EchoAsync(text, source.Token);
        Thread.SpinWait(random.Next(300));
        await source.CancelAsync();
        try
        {
            Assert.Equal(text, await call);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _cancelled);
        }
    }

    private static void CheckThrown(IFixture plugin, string text)
    {
        try
        {
            plugin.Throw(text);
            Assert.Fail("Nothing was thrown.");
        }
        catch (PluginFaultException thrown) when (thrown.Kind == FaultKind.Exception)
        {
            Assert.Equal(text, thrown.RemoteMessage);
        }
    }

    private static async Task CheckDeclaredAsync(IFixture plugin, string text)
    {
        try
        {
            await plugin.FindAsync(text);
            Assert.Fail("Nothing was thrown.");
        }
        catch (NotThereException declared)
        {
            Assert.Equal(text, declared.Name);
        }
    }

    /// <summary>Kills the worker of the moment whenever so many calls were made.</summary>
    private async Task KillAsync()
    {
        for (int i = 1; i <= Kills; i++)
        {
            int at = (int)((long)s_calls * i / (Kills + 1));
            while (Volatile.Read(ref _made) < at)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1));
            }

            FixtureWorker worker = await Volatile.Read(ref _current);
            _ = Libc.kill(worker.Pid, Signals.Kill);
            await worker.Instance.Died.WaitAsync(Shell.Long);
            Replace(worker);
        }
    }

    private void Replace(FixtureWorker dead)
    {
        lock (_lock)
        {
            if (_current.IsCompletedSuccessfully && _current.Result == dead)
            {
                Volatile.Write(ref _current, StartAsync(dead.Instance.Generation + 1));
            }
        }
    }

    private Task<FixtureWorker> StartAsync(int generation) => _workers.StartAsync(generation: generation, observer: new DeafObserver());
}
