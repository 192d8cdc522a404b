using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;

namespace Fixtures.Leaks;

/// <summary>Listeners of diagnostics.</summary>
internal static class Tracing
{
    public static void AddListener() => Trace.Listeners.Add(new LineListener());

    public static void Observe() => new Meter("Fixtures.Leaks.Observed").CreateObservableGauge("fixtures.leaks", static () => 1);

    public static void ListenToMeters() => new MeterListener { InstrumentPublished = static (_, _) => { } }.Start();

    public static void ListenToActivities() => ActivitySource.AddActivityListener(new ActivityListener { ShouldListenTo = static source => source.Name == "Fixtures.Leaks.Nobody" });

    public static void ListenToEvents() => _ = new QuietEventListener();

    public static void Subscribe() => DiagnosticListener.AllListeners.Subscribe(new QuietObserver());

    private sealed class LineListener : TraceListener
    {
        public override void Write(string? message)
        {
        }

        public override void WriteLine(string? message)
        {
        }
    }

    private sealed class QuietEventListener : EventListener;

    private sealed class QuietObserver : IObserver<DiagnosticListener>
    {
        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        public void OnNext(DiagnosticListener value)
        {
        }
    }
}
