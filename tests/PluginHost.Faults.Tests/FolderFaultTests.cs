using System.Text.Json.Nodes;
using PluginHost.Contracts.Faults;
using PluginHost.Faults.Tests.Support;

namespace PluginHost.Faults.Tests;

/// <summary>Plugin folders that are not what they say: files that are missing, damaged or changed, manifests that ask for what nobody should get.</summary>
public sealed class FolderFaultTests(FolderFaultTests.Host host, ITestOutputHelper output) : IClassFixture<FolderFaultTests.Host>
{
    private const string Entry = "Samples.Faulty.dll";
    private const string Manifest = "plugin.json";
    private const int Kill = 9;

    internal static IReadOnlyList<FaultRow> Table { get; } =
    [
        Untaken(21, "the DLL is missing", FaultKind.Refused, Entry, folder => File.Delete(Path.Combine(folder, Entry))),
        Quarantined(21, "the DLL is truncated", Entry, folder => Rewrite(folder, Entry, bytes => bytes[..1000])),
        Untaken(21, "the DLL is truncated, at a reload", FaultKind.StartFailure, Entry, folder => Rewrite(folder, Entry, bytes => bytes[..1000])),
        Quarantined(21, "the DLL is for another processor", Entry, folder => Rewrite(folder, Entry, ForAnotherProcessor)),
        new(22, "the files change after the check", run =>
        {
            Rewrite(Folder(run), Entry, static _ => "no assembly any more"u8.ToArray());
            run.Signal(Kill);
            return Task.CompletedTask;
        })
        {
            Records = [FaultKind.Signal], Says = "SIGKILL", Mend = RestoreAsync,
        },
        Untaken(23, "the manifest is malformed", FaultKind.Refused, Manifest, folder => Rewrite(folder, Manifest, bytes => bytes[..^2])),
        Untaken(23, "the manifest has an unknown field", FaultKind.Refused, "colour", folder => Change(folder, json => json["colour"] = "red")),
        Untaken(23, "the manifest is huge", FaultKind.Refused, Manifest, folder => Change(folder, json => json["settings"] = new JsonObject { ["text"] = new string('x', 8 << 20) })),
        Untaken(23, "the manifest is deep", FaultKind.Refused, Manifest, folder => Rewrite(folder, Manifest, _ => [.. Enumerable.Repeat((byte)'[', 100_000)])),
        Untaken(23, "the entry is outside the folder", FaultKind.Refused, "../", folder => Change(folder, json => json["entry"] = "../faults.neighbour/Samples.Faulty.dll")),
        Untaken(23, "the DLL is a symbolic link out of the folder", FaultKind.Refused, Entry, folder =>
        {
            File.Delete(Path.Combine(folder, Entry));
            File.CreateSymbolicLink(Path.Combine(folder, Entry), "/etc/passwd");
        }),
    ];

    public static TheoryData<string> Names => Rows.NamesOf(Table);

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_folder_that_is_not_right_is_told_and_runs_nothing(string row) => FaultHarness.RunAsync(host, Rows.Find(Table, row), output);

    /// <summary>Found by a reload: what runs goes on.</summary>
    private static FaultRow Untaken(int number, string mode, FaultKind kind, string says, Action<string> damage) => new(number, mode, async run =>
    {
        damage(Folder(run));
        await run.FailsAsync(() => run.Host.Runtime.ReloadAsync(FaultHost.VictimId));
    })
    {
        Records = [kind], Says = says, Calls = InFlight.GoOn, Then = Aftermath.GoesOn, Mend = RestoreFilesAsync,
    };

    private static FaultRow Quarantined(int number, string mode, string says, Action<string> damage) => new(number, mode, run => DamageAsync(run, damage))
    {
        Records = [FaultKind.StartFailure, FaultKind.StartFailure], Says = says, Calls = InFlight.None, Then = Aftermath.Quarantined, Mend = RestoreAsync,
    };

    private static async Task DamageAsync(FaultRun run, Action<string> damage)
    {
        await run.Host.Runtime.StopAsync(FaultHost.VictimId);
        damage(Folder(run));
        await run.Host.Runtime.ReloadAsync(FaultHost.VictimId);
    }

    private static async Task RestoreAsync(FaultRun run)
    {
        await RestoreFilesAsync(run);
        await run.Host.Runtime.ReloadAsync(FaultHost.VictimId);
    }

    private static Task RestoreFilesAsync(FaultRun run)
    {
        Directory.Delete(Folder(run), recursive: true);
        run.Host.Copy(FaultHost.VictimId, "standard");
        return Task.CompletedTask;
    }

    private static string Folder(FaultRun run) => Path.Combine(run.Host.Plugins, FaultHost.VictimId);

    private static void Change(string folder, Action<JsonNode> change)
    {
        string file = Path.Combine(folder, Manifest);
        JsonNode json = JsonNode.Parse(File.ReadAllText(file))!;
        change(json);
        File.WriteAllText(file, json.ToJsonString());
    }

    private static void Rewrite(string folder, string file, Func<byte[], byte[]> change)
    {
        // In place: whoever has linked to the file would see it.
        string path = Path.Combine(folder, file);
        byte[] bytes = change(File.ReadAllBytes(path));
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write);
        stream.SetLength(0);
        stream.Write(bytes);
    }

    private static byte[] ForAnotherProcessor(byte[] assembly)
    {
        // The machine is the first field behind "PE\0\0".
        int header = BitConverter.ToInt32(assembly, 0x3C);
        BitConverter.GetBytes((ushort)0xAA64).CopyTo(assembly, header + 4);
        return assembly;
    }

    /// <summary>The host of these rows.</summary>
    public sealed class Host : FaultHost;
}
