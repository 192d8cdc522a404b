using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Services;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>The part that starts generations. Runs in the supervisor's loop only.</summary>
internal sealed partial class PluginSupervisor
{
    private DateTimeOffset? _readyAt;

    private async Task StartGenerationAsync(string? cause)
    {
        PluginView before = View;
        if (_refusesMore is { } refusal && _tier == PluginTier.InProcess)
        {
            _machine.Rest(PluginState.Quarantined, $"{refusal} Reset the plugin to try again.", before.FaultId);
            return;
        }

        int generation = Volatile.Read(ref _isClosing) ? 0 : _machine.TryBeginStart(StandingReady(Plugin));
        if (generation == 0)
        {
            return;
        }

        using CancellationTokenSource cancelled = new(_settings.StartTimeout, Clock);
        Volatile.Write(ref _startCancelled, cancelled);
        if (Interlocked.Read(ref _stopRequested) > 0)
        {
            await cancelled.CancelAsync().ConfigureAwait(false);
        }

        Observer.Generation = generation;
        Observer.WorkerPid = null;
        try
        {
            BecomeReady(await StartInTierAsync(Plugin, generation, cancelled.Token).ConfigureAwait(false), before, cause);
        }
        catch (PluginException e)
        {
            Fail(generation, RecordOf(e, generation));
        }
        catch (OperationCanceledException e) when (cancelled.IsCancellationRequested)
        {
            if (Interlocked.Read(ref _endsWanted) > 0)
            {
                _machine.Rest(PluginState.Stopped, "Stopped while it was starting.");
            }
            else if (Interlocked.Read(ref _stopRequested) > 0)
            {
                // The restart comes next: calls go on waiting.
                _machine.TryBackOff(generation, Clock.GetUtcNow(), "Its start was given up for a restart that was asked for.");
            }
            else
            {
                string detail = e is StartCancelledException more ? $" {more.Detail}" : "";
                Fail(generation, Describe(null, FaultKind.StartFailure, $"It did not start within {_settings.StartTimeout:c}.{detail}") with { Generation = generation });
            }
        }
        catch (Exception unexpected)
        {
            // Such as no room for more in-process methods: it must not stay on its way for ever.
            Log.CommandFailed(_log, Plugin.Id, "start of a generation", unexpected);
            if (_live is { } half)
            {
                _live = null;
                await StopAsync(half, TimeSpan.Zero).ConfigureAwait(false);
                LetGo(half);
            }

            Fail(generation, DescribeDefect(unexpected, generation));
        }
        finally
        {
            Volatile.Write(ref _startCancelled, new CancellationTokenSource());
        }
    }

    private async Task<LiveGeneration> StartInTierAsync(SupervisedPlugin plugin, int generation, CancellationToken cancellationToken)
    {
        ThrowWherePinned("started");
        GenerationLeases leases = NewLeases(plugin, generation);
        GenerationDoors doors = new();
        try
        {
            AddDoors(doors, leases);
            IPluginInstance? hot = TakeHot(plugin, generation);
            ITier tier = _settings.Tiers.FirstOrDefault(t => t.Kind == _tier)
                ?? throw new PluginRefusedException(
                    $"{plugin.Id}: the tier {_tier} is not available in this host.",
                    new PluginFault(plugin.Id, FaultKind.Refused) { Generation = generation });
            StartRequest request = RequestOf(plugin, generation, leases, doors);
            request = _tier == PluginTier.InProcess ? request with { Stages = _stages.Of(generation) } : request;
            IPluginInstance instance = hot ?? await tier.StartAsync(request, cancellationToken).ConfigureAwait(false);
            return new LiveGeneration(generation, plugin, instance, leases, doors);
        }
        catch (Exception failed)
        {
            GiveDoorsBack(leases, doors);
            if (failed is not OperationCanceledException)
            {
                // One that was given up may go on inside for as long as it likes.
                _stages.End(generation);
            }

            throw;
        }
    }

    private StartRequest RequestOf(SupervisedPlugin plugin, int generation, GenerationLeases leases, GenerationDoors doors) => new()
    {
        Manifest = plugin.Manifest!,
        Generation = generation,
        Folder = plugin.Folder!,
        DataFolder = plugin.DataFolder!,
        Settings = plugin.Settings,
        Contracts = plugin.Contracts,
        SharedAssemblies = plugin.SharedAssemblies,
        Guards = doors,
        CallsTaken = () => doors.Taken,
        Results = leases.FromPlugin,
        Arguments = leases.FromHost,
        CutCalls = leases.Revoke,
        Pinned = () => NotePinned(generation),
        CallsFolder = plugin.CallsFolder,
        WorkerStarted = pid => Observer.WorkerStarted(generation, pid),
        WorkerLog = pid => new PluginLog(_settings.LoggerFactory.CreateLogger($"Plugin.{plugin.Id}"), () => LogProperties(generation, pid())),
        TrustsTrace = plugin.Placement.Granted == TrustLevel.Full,
        Observer = Observer,
        Chains = Chains,
        Services = _settings.Services?.Invoke(plugin, leases) ?? GrantedServices.None,
        TakesSpare = plugin.Spare == SpareMode.Warm || (plugin.Spare == SpareMode.Hot && HasSeveralWorkers(plugin.Manifest!)),
        KeepsAhead = plugin.Spare != SpareMode.None,
        Findings = plugin.Findings,
        Unhandled = _settings.TakesUnhandled ? fault => Threw(generation, fault) : null,
        Wear = new WearTerms(_settings.Jitter.Next, _settings.RecycleLook, _settings.HealthTimeout, _settings.DrainTimeout, WorkerRecycled, WorkerNotRecycled),
        Logger = new PluginLog(_settings.LoggerFactory.CreateLogger($"Plugin.{plugin.Id}"), () => LogProperties(generation)),
    };

    private void BecomeReady(LiveGeneration live, PluginView before, string? cause)
    {
        _rate.Clear();
        _readyAt = Clock.GetUtcNow();
        _live = live;

        // In-process the guards get their target before the state says ready: a call that saw ready must find it.
        OpenDoors(live);
        _machine.TryReady(live.Number, live.Instance);
        if (cause is not null)
        {
            TimeSpan took = Clock.GetElapsedTime(_failedAt);
            _settings.Recorder.Restarted(Plugin.Id, _tier!.Value, cause, before.Generation, live.Number, took);
            Log.Restarted(_log, Plugin.Id, before.Generation, live.Number, cause, took.TotalMilliseconds);
        }

        Log.Ready(_log, Plugin.Id, _tier!.Value, live.Number);
        _history = _history with { StartFailures = 0 };
        Watch(live);
    }

    private void Watch(LiveGeneration live)
    {
        _ = live.Instance is WorkerPool pool ? WatchAsync(live.Number, pool) : WatchAsync(live.Number, live.Instance);
        _ = WatchWearAsync(live);
        KeepHot(live.Number);
    }

    private async Task WatchAsync(int generation, IPluginInstance instance)
    {
        FaultRecord fault = await instance.Died.ConfigureAwait(false);
        _commands.Writer.TryWrite(new Command.Died(generation, fault, IsAlive: false));
    }
}
