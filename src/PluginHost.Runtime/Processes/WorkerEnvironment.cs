namespace PluginHost.Runtime.Processes;

/// <summary>The environment of a worker: an allow-list of the host's own, so that no secret of the host's environment reaches a plugin.</summary>
internal static class WorkerEnvironment
{
    private static readonly string[] s_inherited = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "DOTNET_ROOT", "LD_LIBRARY_PATH"];

    /// <summary>Makes one.</summary>
    /// <param name="host">The host's environment.</param>
    /// <param name="granted">Names that the operator granted in addition.</param>
    /// <param name="added">What the worker needs; wins over the host's.</param>
    public static Dictionary<string, string> Of(
        IReadOnlyDictionary<string, string> host, IEnumerable<string> granted, IEnumerable<KeyValuePair<string, string>> added)
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal)
        {
            // Settings that only the environment can carry; the others are in the worker's runtimeconfig.json.
            ["DOTNET_EnableDiagnostics"] = "0",
            ["DOTNET_NOLOGO"] = "1",
        };
        foreach (string name in s_inherited.Concat(granted))
        {
            if (host.TryGetValue(name, out string? value))
            {
                environment[name] = value;
            }
        }

        foreach ((string name, string value) in added)
        {
            environment[name] = value;
        }

        return environment;
    }

    /// <summary>This process's environment as it is now.</summary>
    public static Dictionary<string, string> OfThisProcess()
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            environment[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        return environment;
    }
}
