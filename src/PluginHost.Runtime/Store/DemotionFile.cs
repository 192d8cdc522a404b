using System.Globalization;
using System.Text.Json;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;
using File = System.IO.File;

namespace PluginHost.Runtime.Store;

/// <summary>What a state folder keeps of plugins that harmed their host. Immutable.</summary>
/// <param name="Plugins">By plugin id, whatever its case.</param>
/// <param name="Damage">Set where an earlier content could not be read: of a plugin that is not in here nothing is known.</param>
internal sealed record DemotionRecords(IReadOnlyDictionary<string, IncidentHistory> Plugins, RecordDamage? Damage)
{
    /// <summary>Nothing happened.</summary>
    public static DemotionRecords Empty { get; } = new(new Dictionary<string, IncidentHistory>(StringComparer.OrdinalIgnoreCase), null);
}

/// <summary>The loss of what was kept.</summary>
/// <param name="At">When it was found.</param>
/// <param name="File">Where the unreadable content is kept.</param>
internal sealed record RecordDamage(DateTimeOffset At, string File);

/// <summary>The file of <see cref="DemotionRecords"/>: JSON, validated when read, replaced whole when written. Not thread-safe.</summary>
internal static class DemotionFile
{
    private const int MaxBytes = 8 * 1024 * 1024;
    private const int MaxText = 4096;
    private static readonly (string Word, IncidentKind Value)[] s_kinds =
        [("hostDeath", IncidentKind.HostDeath), ("faultRate", IncidentKind.FaultRate), ("unloadLeak", IncidentKind.UnloadLeak), ("lostThreads", IncidentKind.LostThreads)];

    private static readonly (string Word, PluginTier Value)[] s_tiers = [.. TierWords.All.Where(t => t.Value > PluginTier.InProcess)];

    /// <summary>Reads a file; one that is not there is empty.</summary>
    /// <param name="path">The file.</param>
    /// <returns>What it says, and the first thing that is wrong with it; null for nothing.</returns>
    public static (DemotionRecords Records, Problem? Problem) Read(string path)
    {
        if (FileFacts.Of(path) is null)
        {
            return (DemotionRecords.Empty, null);
        }

        ReadSession session = new(path);
        if (PlainFile.Read(path, MaxBytes, out string? unreadable) is not { } bytes)
        {
            return (DemotionRecords.Empty, new Problem(path, unreadable!));
        }

        if (StrictJson.Read(bytes, session, MaxBytes) is not { } root || FieldSet.Of(root, session, "") is not { } fields)
        {
            return (DemotionRecords.Empty, session.Problems[0]);
        }

        RecordDamage? damage = fields.Section("damage") is { } lost ? ReadDamage(lost) : null;
        Dictionary<string, IncidentHistory> plugins = new(StringComparer.OrdinalIgnoreCase);
        if (fields.Section("plugins") is { } section)
        {
            ReadPlugins(section, plugins);
        }

        fields.End();
        return session.Clean ? (new DemotionRecords(plugins, damage), null) : (DemotionRecords.Empty, session.Problems[0]);
    }

    /// <summary>
    /// Puts a file that cannot be read aside, for a person to look at. It keeps its name as well until <see cref="Write(string, DemotionRecords)"/> takes that: a host that
    /// dies in between, or a disk that is full, must not make it look as if there had been nothing.
    /// </summary>
    /// <returns>Its other name.</returns>
    /// <exception cref="IOException">It cannot be put aside.</exception>
    public static string PutAside(string path, DateTimeOffset now)
    {
        string aside = string.Create(CultureInfo.InvariantCulture, $"{path}.bad-{now.UtcDateTime:yyyyMMddHHmmssfff}");
        if (!OwnFiles.TryLink(path, aside))
        {
            File.Move(path, aside, overwrite: true);
        }

        return aside;
    }

    /// <summary>Writes a file beside and puts it in place, so that at any moment one of both is whole.</summary>
    /// <exception cref="IOException">The disk did not take it; the file is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    public static void Write(string path, DemotionRecords records)
    {
        string staged = path + ".new";
        File.Delete(staged);
        using (FileStream file = OwnFiles.OpenAlone(staged))
        {
            using (Utf8JsonWriter writer = new(file, new JsonWriterOptions { Indented = true }))
            {
                Write(writer, records);
            }

            // It outlives a host that is dying; let it outlive a machine that does.
            file.Flush(flushToDisk: true);
        }

        File.Move(staged, path, overwrite: true);
    }

    private static void Write(Utf8JsonWriter writer, DemotionRecords records)
    {
        writer.WriteStartObject();
        if (records.Damage is { } damage)
        {
            writer.WriteStartObject("damage");
            writer.WriteString("at", damage.At);
            writer.WriteString("file", damage.File);
            writer.WriteEndObject();
        }

        writer.WriteStartObject("plugins");
        foreach ((string id, IncidentHistory history) in records.Plugins.OrderBy(p => p.Key, StringComparer.OrdinalIgnoreCase))
        {
            writer.WriteStartObject(id);
            if (history.Demotion is { } demotion)
            {
                writer.WriteStartObject("demotion");
                writer.WriteString("tier", TierWords.Word(demotion.Tier));
                writer.WriteString("at", demotion.At);
                writer.WriteString("because", demotion.Because);
                writer.WriteEndObject();
            }

            writer.WriteStartArray("incidents");
            foreach (Incident incident in history.Incidents)
            {
                writer.WriteStartObject();
                writer.WriteString("kind", Array.Find(s_kinds, k => k.Value == incident.Kind).Word);
                writer.WriteString("at", incident.At);
                writer.WriteString("what", incident.What);
                if (incident.Key is not null)
                {
                    writer.WriteString("key", incident.Key);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static RecordDamage? ReadDamage(FieldSet fields)
    {
        DateTimeOffset? at = Time(fields);
        string? file = Words(fields, "file");
        fields.End();
        return at is null || file is null ? null : new RecordDamage(at.Value, file);
    }

    private static void ReadPlugins(FieldSet section, Dictionary<string, IncidentHistory> plugins)
    {
        foreach (StrictMember member in section.Value.Members)
        {
            if (!PluginIds.Valid(member.Name))
            {
                section.Session.Report(member.Line, member.Column, member.Value.Path, $"found {StrictValue.Quote(member.Name)}, expected a plugin's id: {PluginIds.Expected}.");
            }
            else if (FieldSet.Of(member.Value, section.Session, "plugins.*") is { } fields && !plugins.TryAdd(member.Name, ReadHistory(fields)))
            {
                section.Session.Report(member.Line, member.Column, member.Value.Path, $"{StrictValue.Quote(member.Name)} is given twice: ids that differ only in case are the same. Join the two.");
            }
        }
    }

    private static IncidentHistory ReadHistory(FieldSet fields)
    {
        Demotion? demotion = fields.Section("demotion") is { } decided ? ReadDemotion(decided) : null;
        List<Incident> incidents = [];
        foreach (StrictValue item in fields.List("incidents", "an array of incidents") ?? [])
        {
            if (FieldSet.Of(item, fields.Session, "plugins.*.incidents[]") is { } one && ReadIncident(one) is { } incident)
            {
                incidents.Add(incident);
            }
        }

        fields.End();
        return new IncidentHistory(incidents, demotion);
    }

    private static Demotion? ReadDemotion(FieldSet fields)
    {
        PluginTier? tier = fields.Word("tier", s_tiers, required: true);
        DateTimeOffset? at = Time(fields);
        string? because = Words(fields, "because");
        fields.End();
        return tier is null || at is null || because is null ? null : new Demotion(tier.Value, because, at.Value);
    }

    private static Incident? ReadIncident(FieldSet fields)
    {
        IncidentKind? kind = fields.Word("kind", s_kinds, required: true);
        DateTimeOffset? at = Time(fields);
        string? what = Words(fields, "what");
        string? key = fields.Text("key", "a text that is not empty", text => text.Length is > 0 and <= MaxText);
        fields.End();
        return kind is null || at is null || what is null ? null : new Incident(kind.Value, at.Value, what, key);
    }

    private static DateTimeOffset? Time(FieldSet fields) =>
        fields.Text("at", "a time such as \"2026-01-31T12:00:00+00:00\"", text => Parse(text) is not null, required: true) is { } found ? Parse(found) : null;

    private static DateTimeOffset? Parse(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTimeOffset time) ? time : null;

    private static string? Words(FieldSet fields, string name) =>
        fields.Text(name, "a sentence of at most 4096 characters that is not empty", text => text.Length is > 0 and <= MaxText && !text.Any(char.IsControl), required: true);
}
