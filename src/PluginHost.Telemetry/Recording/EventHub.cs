using Microsoft.Extensions.Logging;

namespace PluginHost.Telemetry.Recording;

/// <summary>Tells events to subscribers and keeps their exceptions from whoever reports. Thread-safe.</summary>
internal sealed class EventHub(ILogger logger)
{
    private readonly Lock _lock = new();
    private Subscription[] _subscriptions = [];

    /// <summary>Adds a subscriber; the same one may be added twice.</summary>
    public IDisposable Subscribe(Action<PluginEvent> subscriber)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        Subscription subscription = new(this, subscriber);
        lock (_lock)
        {
            _subscriptions = [.. _subscriptions, subscription];
        }

        return subscription;
    }

    /// <summary>Calls every subscriber, in the order they came.</summary>
    public void Tell(PluginEvent told)
    {
        foreach (Subscription subscription in Volatile.Read(ref _subscriptions))
        {
            try
            {
                subscription.Subscriber(told);
            }
#pragma warning disable CA1031 // Whatever a subscriber throws must not reach the call or the supervisor that reports; it is logged.
            catch (Exception error)
#pragma warning restore CA1031
            {
                Log.SubscriberFailed(logger, error, told.GetType().Name, told.PluginId);
            }
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (_lock)
        {
            _subscriptions = [.. _subscriptions.Where(other => other != subscription)];
        }
    }

    private sealed class Subscription(EventHub hub, Action<PluginEvent> subscriber) : IDisposable
    {
        public Action<PluginEvent> Subscriber { get; } = subscriber;

        public void Dispose() => hub.Remove(this);
    }
}
