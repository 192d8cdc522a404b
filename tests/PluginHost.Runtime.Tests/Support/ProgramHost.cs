using System.Text.Json;
using System.Text.Json.Nodes;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;
using Fixtures.Features.Contract;
using Fixtures.Services.Contract;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>A runtime over one plugin that is a small program of the test's own.</summary>
internal sealed class ProgramHost : IAsyncDisposable
{
    public const string Id = "tests.program";

    /// <summary>The beginning of programs in Python: reads and writes messages.</summary>
    public const string Python = """
        import json, os, sys, time
        def read():
            length = 0
            while (line := sys.stdin.buffer.readline()) != b"\r\n":
                if not line: sys.exit(0)
                length = int(line.split(b":")[1])
            return json.loads(sys.stdin.buffer.read(length))
        def write(message):
            body = json.dumps({"jsonrpc": "2.0", **message}).encode()
            sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            sys.stdout.buffer.flush()
        def serve(answer):
            while True:
                call = read()
                write({"id": call["id"], "result": answer(call)})
        counts = {"words": 1, "lines": 1, "characters": 1, "frequent": []}

        """;

    private readonly TempFolder _folder = new();

    private ProgramHost()
    {
    }

    public PluginRuntime Runtime { get; private set; } = null!;

    public string State => Path.Combine(_folder.Path, "state");

    public PluginStatus Status => Runtime.Status.Single();

    public IWordCount Plugin => Runtime.Get<IWordCount>(Id);

    /// <summary>Starts a program in Python.</summary>
    public static Task<ProgramHost> PythonAsync(string program, TimeSpan? startTimeout = null, TimeSpan? callTimeout = null, JsonNode? settings = null, Func<JsonNode, PluginRuntimeOptions, PluginRuntimeOptions>? change = null, IReadOnlyList<ContractReference>? grants = null)
    {
        Languages.Need("python3");
        return StartAsync(["python3", "./main.py"], new() { ["main.py"] = Python + program }, startTimeout, callTimeout, settings, change: change, grants: grants);
    }

    /// <summary>Starts a command over files.</summary>
    public static async Task<ProgramHost> StartAsync(
        string[] command,
        Dictionary<string, string> files,
        TimeSpan? startTimeout = null,
        TimeSpan? callTimeout = null,
        JsonNode? settings = null,
        string trust = "standard",
        Func<JsonNode, PluginRuntimeOptions, PluginRuntimeOptions>? change = null,
        IReadOnlyList<ContractReference>? grants = null)
    {
        ProgramHost host = new();
        string plugins = host._folder.Folder("plugins");
        foreach ((string name, string text) in files)
        {
            host._folder.Write(Path.Combine("plugins", Id, name), text);
        }

        if (command[0] == "node")
        {
            // What 'npm ci' laid beside the sample: vscode-jsonrpc.
            host._folder.CopyOf(Path.Combine(SampleHost.Layout, "samples.wordcount", "node_modules"), Path.Combine("plugins", Id, "node_modules"));
        }

        JsonObject manifest = new()
        {
            ["id"] = Id,
            ["version"] = "1.0.0",
            ["command"] = JsonSerializer.SerializeToNode(command),
            ["contracts"] = new JsonArray("Samples.Contracts.IWordCount@1"),
            ["trust"] = trust,
            ["settings"] = settings ?? new JsonObject(),
        };
        PluginRuntimeOptions options = new() { Directory = plugins };
        options = change?.Invoke(manifest, options) ?? options;
        host._folder.Write(Path.Combine("plugins", Id, "plugin.json"), manifest.ToJsonString());
        host.Runtime = await PluginRuntime.StartAsync(options with
        {
            StateFolder = host.State,
            ContractAssemblies = [typeof(IWordCount).Assembly, typeof(IFeatures).Assembly, typeof(IJournal).Assembly],
            StartTimeout = startTimeout ?? options.StartTimeout,
            Policy = new PluginPolicy
            {
                Development = plugins,
                Plugins = new Dictionary<string, PluginOverrides> { [Id] = new() { Uses = grants, Limits = new LimitOverrides { CallTimeout = callTimeout ?? TimeSpan.FromSeconds(60) } } },
            },
        });
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        _folder.Dispose();
    }
}
