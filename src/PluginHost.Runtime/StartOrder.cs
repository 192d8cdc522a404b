namespace PluginHost.Runtime;

/// <summary>In which order plugins start: who serves others before those it serves. A stop goes the other way.</summary>
internal static class StartOrder
{
    /// <summary>Sorts plugins into waves; those of one wave need nothing of each other.</summary>
    /// <param name="plugins">The plugins.</param>
    /// <param name="providersOf">The ids of the plugins that serve one; others than those given are of no account.</param>
    /// <param name="idOf">A plugin's id.</param>
    /// <typeparam name="T">A plugin.</typeparam>
    /// <returns>The waves, first to start first; within a wave the given order. Plugins that serve each other in a circle follow one after the other.</returns>
    public static IReadOnlyList<IReadOnlyList<T>> Waves<T>(IReadOnlyCollection<T> plugins, Func<T, string> idOf, Func<T, IEnumerable<string>> providersOf)
    {
        Dictionary<string, T> left = plugins.ToDictionary(idOf, StringComparer.Ordinal);
        Dictionary<string, string[]> providers = plugins.ToDictionary(idOf, p => (string[])[.. providersOf(p).Where(id => id != idOf(p))], StringComparer.Ordinal);
        List<IReadOnlyList<T>> waves = [];
        while (left.Count > 0)
        {
            List<T> wave = [.. plugins.Where(p => left.ContainsKey(idOf(p)) && !Array.Exists(providers[idOf(p)], left.ContainsKey))];
            if (wave.Count == 0)
            {
                wave.Add(plugins.First(p => left.ContainsKey(idOf(p))));
            }

            wave.ForEach(p => left.Remove(idOf(p)));
            waves.Add(wave);
        }

        return waves;
    }

    /// <summary>
    /// Stops the last wave first, each as a whole before the next. All of them share one time for calls in flight: once it is over, whatever is left is
    /// stopped at once.
    /// </summary>
    /// <param name="waves">As <see cref="Waves"/> gives them.</param>
    /// <param name="drain">The time that all of them together may wait for calls in flight.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="stop">Stops one, waiting for its calls as long as it is told.</param>
    /// <typeparam name="T">A plugin.</typeparam>
    public static async Task StopAsync<T>(IReadOnlyList<IReadOnlyList<T>> waves, TimeSpan drain, TimeProvider clock, Func<T, TimeSpan, Task> stop)
    {
        long began = clock.GetTimestamp();
        Stack<IReadOnlyList<T>> open = new(waves);
        while (open.TryPop(out IReadOnlyList<T>? wave))
        {
            TimeSpan left = drain - clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                // Who serves whom no longer matters, only that it ends.
                left = TimeSpan.Zero;
                wave = [.. wave, .. open.SelectMany(w => w)];
                open.Clear();
            }

            await Task.WhenAll(wave.Select(plugin => stop(plugin, left))).ConfigureAwait(false);
        }
    }
}
