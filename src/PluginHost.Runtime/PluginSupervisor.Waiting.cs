using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>The part that calls wait in while the plugin is between generations.</summary>
internal sealed partial class PluginSupervisor
{
    /// <summary>Waits until the plugin takes calls, within the method's deadline.</summary>
    /// <returns>The running generation.</returns>
    /// <exception cref="PluginException">It takes no calls, or not in time; the exception says when to retry.</exception>
    public ValueTask<IPluginInstance> WaitReadyAsync(ContractMethod method, CancellationToken cancellationToken)
    {
        return WaitReadyAsync(method, Clock.GetTimestamp(), TimeoutOf(method), cancellationToken);
    }

    /// <summary>As <see cref="WaitReadyAsync(ContractMethod, CancellationToken)"/> from a moment on, for a call that has already used part of its time.</summary>
    public ValueTask<IPluginInstance> WaitReadyAsync(ContractMethod method, long since, TimeSpan timeout, CancellationToken cancellationToken)
    {
        PluginView view = View;
        return view.Instance is { } instance
            ? new ValueTask<IPluginInstance>(instance)
            : WaitReadySlowAsync(method, since, timeout, cancellationToken);
    }

    /// <summary>As <see cref="WaitReadyAsync(ContractMethod, long, TimeSpan, CancellationToken)"/>, blocking.</summary>
    public IPluginInstance WaitReady(ContractMethod method, long since, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ValueTask<IPluginInstance> ready = WaitReadyAsync(method, since, timeout, cancellationToken);
        return ready.IsCompletedSuccessfully ? ready.Result : ready.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Takes a sampled in-process call.</summary>
    public void Sample(ContractMethod method, long elapsed) => Observer.Sample(method, elapsed);

    /// <summary>Notes that the plugin changes its callers' ambient state.</summary>
    public void AmbientStateLeaked(ContractMethod method) => Log.AmbientStateLeaked(_log, Plugin.Id, method.WireName);

    private async ValueTask<IPluginInstance> WaitReadySlowAsync(ContractMethod method, long since, TimeSpan timeout, CancellationToken cancellationToken)
    {
        while (true)
        {
            PluginView view = View;
            if (view.Instance is { } instance)
            {
                return instance;
            }

            TimeSpan left = timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : timeout - Clock.GetElapsedTime(since);
            TimeSpan untilRetry = view.RetryAt is { } at ? at - Clock.GetUtcNow() : TimeSpan.Zero;
            if (!view.WillReturn || left <= TimeSpan.Zero || untilRetry > left)
            {
                Observer.Ended(method, CallStatus.Unavailable);
                throw Unavailable(method, view, left <= TimeSpan.Zero ? timeout : null, untilRetry);
            }

            try
            {
                await view.Changed.WaitAsync(left < s_longestWait ? left : s_longestWait, Clock, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Looked at again above: either the deadline is over, or it lies beyond the longest single wait.
            }
            catch (OperationCanceledException)
            {
                Observer.Ended(method, CallStatus.Cancelled);
                throw;
            }
        }
    }

    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(1);

    private PluginException Unavailable(ContractMethod method, PluginView view, TimeSpan? waited, TimeSpan untilRetry)
    {
        string id = Plugin.Id;
        PluginFault fault = new(id, view.State == PluginState.Refused ? FaultKind.Refused : FaultKind.Unavailable)
        {
            Tier = _tier,
            Generation = view.Generation,
            Method = method.WireName,
            FaultId = view.FaultId,
            IsRetryable = view.WillReturn,
            RetryAfter = view.WillReturn && untilRetry > TimeSpan.Zero ? untilRetry : null,
        };
        string because = view.Reason is null ? "" : $" {view.Reason}";
        if (view.State == PluginState.Refused)
        {
            return new PluginRefusedException($"{id}: {method.WireName} was not called: the plugin may not run.{because}", fault);
        }

        string state = view.State switch
        {
            PluginState.BackingOff => string.Create(CultureInfo.InvariantCulture, $"it is being restarted; the next try is in {Math.Max(0, untilRetry.TotalSeconds):0.0} s"),
            PluginState.Quarantined => "it is quarantined",
            PluginState.Starting => "it is still starting",
            PluginState.Stopping => "it is being stopped",
            _ => "it is stopped; start it first",
        };
        string time = waited is { } t ? string.Create(CultureInfo.InvariantCulture, $" after waiting {t.TotalSeconds:0.0} s") : "";
        return new PluginUnavailableException($"{id}: {method.WireName} was not called{time}: {state}.{because}", fault);
    }
}
