using System.Buffers;
using System.Text.Json;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>Puts an operator's choices over a manifest. Pure.</summary>
internal static class Overrides
{
    /// <summary>
    /// Gives the manifest as it takes effect: settings merged by member at every depth, limits by member, permissions as granted (none
    /// where the operator grants none). Id, version, publisher, program, contracts and requested trust stay the author's.
    /// </summary>
    public static PluginManifest Apply(PluginManifest manifest, PluginOverrides? overrides)
    {
        if (overrides is null)
        {
            return manifest with { Permissions = new() };
        }

        return manifest with
        {
            Workers = overrides.Workers ?? manifest.Workers,
            Isolation = overrides.Isolation ?? manifest.Isolation,
            Limits = overrides.Limits.Over(manifest.Limits),
            Recycle = overrides.Recycle.Over(manifest.Recycle),
            Restart = overrides.Restart.Over(manifest.Restart),
            Permissions = overrides.Permissions ?? new(),
            Settings = overrides.Settings is { } settings ? Merge(manifest.Settings, settings) : manifest.Settings,
        };
    }

    /// <summary>Gives the operator's choices for a plugin; null for none. Ids that differ only in case are the same.</summary>
    public static PluginOverrides? For(PluginPolicy policy, string id) =>
        policy.Plugins.TryGetValue(id, out var exact)
            ? exact
            : policy.Plugins.FirstOrDefault(p => string.Equals(p.Key, id, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Merges two JSON objects: members of both that are objects are merged in turn, else the upper one stands.</summary>
    public static JsonElement Merge(JsonElement below, JsonElement above)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, below, above);
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement below, JsonElement above)
    {
        if (below.ValueKind != JsonValueKind.Object || above.ValueKind != JsonValueKind.Object)
        {
            above.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        foreach (var member in below.EnumerateObject())
        {
            writer.WritePropertyName(member.Name);
            Write(writer, member.Value, above.TryGetProperty(member.Name, out var over) ? over : member.Value);
        }

        foreach (var member in above.EnumerateObject().Where(m => !below.TryGetProperty(m.Name, out _)))
        {
            member.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
