using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// Writes the runtime configuration of workers whose plugin needs more frameworks than a worker has by itself: the worker's own, with the others beside. One
/// file for each set of frameworks, by its content. Thread-safe.
/// </summary>
internal static class WorkerFrameworks
{
    /// <summary>The file for a set of frameworks.</summary>
    /// <param name="program">The worker's program, beside which its own configuration lies.</param>
    /// <param name="frameworks">As <see cref="WorkerClass.Frameworks"/> has them.</param>
    /// <param name="folder">Where such files are kept: the host's alone.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static string ConfigurationFor(string program, string frameworks, string folder)
    {
        JsonNode config = JsonNode.Parse(File.ReadAllBytes(Path.ChangeExtension(program, ".runtimeconfig.json")))!;
        byte[] text = Encoding.UTF8.GetBytes(With(config, frameworks).ToJsonString());
        string file = Path.Combine(folder, $"{Convert.ToHexStringLower(SHA256.HashData(text))[..16]}.runtimeconfig.json");
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(folder);
            string written = $"{file}.{Guid.NewGuid():n}";
            File.WriteAllBytes(written, text);
            File.Move(written, file, overwrite: true);
        }

        return file;
    }

    /// <summary>A worker's configuration with more frameworks.</summary>
    internal static JsonNode With(JsonNode config, string frameworks)
    {
        JsonObject options = config["runtimeOptions"]!.AsObject();
        Dictionary<string, string> wanted = new(StringComparer.Ordinal);
        if (options["framework"] is { } own)
        {
            wanted[(string)own["name"]!] = (string)own["version"]!;
        }

        foreach (string framework in frameworks.Split(';'))
        {
            string[] parts = framework.Split('/');
            wanted[parts[0]] = parts[1];
        }

        options.Remove("framework");
        options["frameworks"] = new JsonArray([.. wanted.Select(f => new JsonObject { ["name"] = f.Key, ["version"] = f.Value })]);

        // The load in the worker holds what it got against what the plugin allows.
        options["rollForward"] = "Major";
        return config;
    }
}
