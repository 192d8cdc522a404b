using PluginHost.Contracts;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Catalog;

/// <summary>Reads <c>plugin.json</c>: strictly, and with all that is wrong at once.</summary>
internal static class ManifestReader
{
    /// <summary>The file's name.</summary>
    public const string FileName = "plugin.json";

    /// <summary>Reads and checks a folder's manifest. Never throws for what is in the folder.</summary>
    /// <param name="folder">The plugin's folder, a full path.</param>
    public static ManifestResult Read(string folder) => Read(folder, new ReadSession(Path.Combine(folder, FileName)));

    /// <summary>The same within a given reading.</summary>
    internal static ManifestResult Read(string folder, ReadSession session)
    {
        if (PlainFile.Read(session.File, StrictJson.MaxBytes, out var problem) is not { } bytes)
        {
            session.Report(0, 0, "", problem!);
            return new(null, null, session.Problems);
        }

        if (StrictJson.Read(bytes, session) is not { } root || FieldSet.Of(root, session, "") is not { } fields)
        {
            return new(null, null, session.Problems);
        }

        var manifest = ReadFields(fields, folder);
        fields.End();
        return new(session.Clean ? manifest : null, manifest.Id.Length == 0 ? null : manifest.Id, session.Problems);
    }

    private static PluginManifest ReadFields(FieldSet fields, string folder)
    {
        _ = fields.Text("$schema", "a string", _ => true);
        var id = fields.Text("id", PluginIds.Expected, PluginIds.Valid, required: true);
        var version = fields.Text("version", "a SemVer 2 version such as \"1.0.0\"", v => HostRange.Version(v) is not null, required: true);
        var name = fields.Text("name", "a string of 1 to 128 characters without control characters or space around it", IsLabel);
        var publisher = fields.Text("publisher", "a string of 1 to 128 characters without control characters or space around it", IsLabel);
        var (entry, command) = ReadProgram(fields, folder);
        var contracts = ContractReferences.Read(fields, "contracts", required: true);
        return new()
        {
            Id = id ?? "",
            Version = version ?? "",
            Name = name ?? id ?? "",
            Publisher = publisher,
            Entry = entry,
            Command = command,
            Channel = ReadChannel(fields),
            Contracts = contracts,
            Uses = ContractReferences.Read(fields, "uses", required: false),
            Trust = fields.Word("trust", SharedSections.TrustWords) ?? TrustLevel.Untrusted,
            Host = fields.Text("host", "a range of host versions such as \">=1.0.0 <2.0.0\"", r => HostRange.Parse(r) is not null),
            Unloadable = fields.Boolean("unloadable") ?? true,
            Workers = (int)(fields.Whole("workers", 1, SharedSections.MaxWorkers) ?? 1),
            Isolation = fields.Word("isolation", SharedSections.IsolationWords) ?? IsolationMode.Shared,
            Limits = SharedSections.Limits(fields, nullable: true).Over(new()),
            Recycle = SharedSections.Recycle(fields, nullable: true).Over(new()),
            Restart = SharedSections.Restart(fields).Over(new()),
            Permissions = SharedSections.Permissions(fields) ?? new(),
            Settings = fields.Json("settings") ?? PluginManifest.EmptySettings,
        };
    }

    private static (string? Entry, IReadOnlyList<string>? Command) ReadProgram(FieldSet fields, string folder)
    {
        var entryValue = fields.Find("entry");
        var commandValue = fields.Find("command");
        if (entryValue is not null && commandValue is not null)
        {
            fields.Session.Report(commandValue, "the manifest has both \"entry\" and \"command\", expected one of them. Remove one: \"entry\" for a .NET assembly, \"command\" for any other program.");
        }
        else if (entryValue is null && commandValue is null)
        {
            fields.Session.Report(fields.Value.Line, fields.Value.Column, "entry", "is missing, expected the plugin's assembly such as \"My.Plugin.dll\", or \"command\" for a program that is not .NET. Add one of them.");
        }

        var entry = fields.Text("entry", "the name of a .dll file in the plugin's own folder, without any folder, such as \"My.Plugin.dll\"", IsAssemblyName);
        if (entry is not null && EntryProblem(Path.Combine(folder, entry)) is { } problem)
        {
            fields.Session.Report(entryValue!, $"{StrictValue.Quote(entry)} {problem}");
        }

        var command = fields.Texts("command", "a program or an argument as a string that is not empty", text => text.Length is > 0 and <= 4096 && !text.Contains('\0'));
        if (commandValue is { Kind: StrictKind.Array, Items.Count: 0 })
        {
            fields.Session.Wrong(commandValue, "a program and its arguments such as [\"node\", \"./main.js\"]");
        }

        CheckCommand(fields.Session, commandValue);
        return (entry, command);
    }

    /// <summary>A program is a name, a full path or a file of the plugin's folder; what says that it lies in the folder must.</summary>
    private static void CheckCommand(ReadSession session, StrictValue? command)
    {
        if (command is not { Kind: StrictKind.Array, Items: [{ Kind: StrictKind.Text } program, ..] items })
        {
            return;
        }

        if (program.Text.Contains('/', StringComparison.Ordinal) && program.Text[0] != '/' && !program.Text.StartsWith("./", StringComparison.Ordinal))
        {
            session.Wrong(program, "a program's name such as \"node\", a full path, or a file of the plugin's folder such as \"./main\"");
        }

        foreach (var item in items.Where(i => i.Kind == StrictKind.Text && i.Text.StartsWith("./", StringComparison.Ordinal) && i.Text.Split('/').Contains("..")))
        {
            session.Wrong(item, "a file inside the plugin's folder: \"./\" and no \"..\" in it");
        }
    }

    private static ProgramChannel ReadChannel(FieldSet fields)
    {
        var value = fields.Find("channel");
        var channel = fields.Word("channel", SharedSections.ChannelWords);
        if (value is not null && channel is not null && fields.Find("command") is null)
        {
            fields.Session.Report(value, "is set, but the plugin has no \"command\". Remove it: a .NET assembly has a channel of its own.");
        }

        return channel ?? ProgramChannel.Stdio;
    }

    private static string? EntryProblem(string file) => FileFacts.Of(file)?.Kind switch
    {
        FileKind.File => null,
        null => "is not in the plugin's folder, expected the plugin's assembly there. Build the plugin, or correct the name.",
        FileKind.Link => $"is a symbolic link to \"{PlainFile.TargetOf(file)}\", expected a file of the plugin's own folder. Put the file itself there.",
        { } kind => $"is {PlainFile.Describe(kind)}, expected a file. Put the plugin's assembly there.",
    };

    private static bool IsLabel(string text) => text.Length is > 0 and <= 128 && !text.Any(char.IsControl) && text.Trim().Length == text.Length;

    private static bool IsAssemblyName(string text) =>
        text.Length is > 4 and <= 255 && text.EndsWith(".dll", StringComparison.Ordinal) && text[0] != '.' && !text.Any(c => c is '/' or '\\' or ':' || char.IsControl(c));
}
