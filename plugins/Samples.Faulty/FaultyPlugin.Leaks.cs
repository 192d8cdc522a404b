using System.Runtime.InteropServices;

namespace Samples.Faulty;

/// <content>What keeps a plugin's load context in memory after its stop.</content>
public sealed partial class FaultyPlugin
{
    private int _ticks;

    /// <inheritdoc/>
    public void Leak(string what)
    {
        switch (what)
        {
            case "event":
                AppDomain.CurrentDomain.ProcessExit += OnExit;
                break;
            case "thread":
                new Thread(static () => Hold(Timeout.Infinite)) { IsBackground = true, Name = "faulty leak" }.Start();
                break;
            case "timer":
                Timer? timer = null;

                // Nobody disposes it, and what it runs holds it: else it would end with the next collection.
                timer = new Timer(_ => Interlocked.Add(ref _ticks, timer is null ? 0 : 1), null, TimeSpan.Zero, TimeSpan.FromSeconds(1));
                break;
            case "handle":
                _ = GCHandle.Alloc(this);
                break;
            default:
                throw new ArgumentException($"Nothing is called '{what}'; expected event, thread, timer or handle.", nameof(what));
        }
    }

    private void OnExit(object? sender, EventArgs e) => _kept.Clear();
}
