using System.Globalization;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Store;

namespace PluginHost.Runtime;

/// <summary>
/// What plugins did to their hosts, and which are to run out of process because of it: kept in the state folder over hosts, lifted by a person only.
/// Thread-safe.
/// </summary>
internal sealed class Demotions
{
    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly DemotionOptions _options;
    private readonly ILogger _logger;
    private DemotionRecords _records;

    /// <summary>Reads what is kept. Content that cannot be understood is put aside and told of, once.</summary>
    /// <param name="path">The file, in a state folder that this host has locked.</param>
    /// <param name="options">The budgets.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">Told of a file that cannot be read or written.</param>
    public Demotions(string path, DemotionOptions options, TimeProvider clock, ILogger logger)
    {
        _path = path;
        _options = options;
        _logger = logger;
        (_records, Problem? problem) = DemotionFile.Read(path);
        if (problem is not null)
        {
            lock (_lock)
            {
                _records = DemotionRecords.Empty with { Damage = new RecordDamage(clock.GetUtcNow(), PutAside(problem, clock.GetUtcNow())) };
                Write_NeedsLock();
            }
        }
    }

    /// <summary>The move that stands for a plugin; null for none.</summary>
    public Demotion? Of(string pluginId)
    {
        lock (_lock)
        {
            return Of_NeedsLock(pluginId);
        }
    }

    /// <summary>Counts an incident, and decides.</summary>
    /// <returns>The move that stands for the plugin now; null for none.</returns>
    public Demotion? Add(string pluginId, Incident incident)
    {
        lock (_lock)
        {
            if (!PluginIds.Valid(pluginId))
            {
                // A damaged flight file may name anything; no plugin has such an id.
                return null;
            }

            IncidentHistory before = _records.Plugins.GetValueOrDefault(pluginId) ?? IncidentHistory.Empty;
            IncidentHistory after = DemotionPolicy.Add(before, incident, _options);
            if (!ReferenceEquals(before, after))
            {
                Keep_NeedsLock(pluginId, after);
            }

            return Of_NeedsLock(pluginId);
        }
    }

    /// <summary>Forgets a plugin's incidents and the move: a person wants it so.</summary>
    public void Forget(string pluginId)
    {
        lock (_lock)
        {
            // Where earlier content was lost, an empty entry says that of this one all is known.
            if (_records.Plugins.ContainsKey(pluginId) || _records.Damage is not null)
            {
                Keep_NeedsLock(pluginId, IncidentHistory.Empty);
            }
        }
    }

    private Demotion? Of_NeedsLock(string pluginId) =>
        _records.Plugins.TryGetValue(pluginId, out IncidentHistory? history) ? history.Demotion
        : _records.Damage is { } damage ? new Demotion(
            PluginTier.Process,
            string.Create(CultureInfo.InvariantCulture, $"the host's record of demotions was damaged when it was read at {damage.At.UtcDateTime:u} (it is kept as '{damage.File}'), so nobody knows whether it had been demoted"),
            damage.At)
        : null;

    private void Keep_NeedsLock(string pluginId, IncidentHistory history)
    {
        Dictionary<string, IncidentHistory> plugins = new(_records.Plugins, StringComparer.OrdinalIgnoreCase);
        plugins.Remove(pluginId);
        if (history.Demotion is not null || history.Incidents.Count > 0 || _records.Damage is not null)
        {
            plugins.Add(pluginId, history);
        }

        _records = _records with { Plugins = plugins };
        Write_NeedsLock();
    }

    private void Write_NeedsLock()
    {
        try
        {
            DemotionFile.Write(_path, _records);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It counts for this host's life all the same.
            Log.DemotionsNotWritten(_logger, _path, error.Message);
        }
    }

    private string PutAside(Problem problem, DateTimeOffset now)
    {
        try
        {
            string aside = DemotionFile.PutAside(_path, now);
            Log.DemotionsUnreadable(_logger, problem.ToString(), aside);
            return aside;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.DemotionsUnreadable(_logger, problem.ToString(), $"{_path}: {error.Message}");
            return _path;
        }
    }
}
