using Fixtures.Features.Contract;
using Fixtures.Services.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Tests.Docs;
using PluginHost.Runtime.Tests.Support;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>What docs/other-languages.md promises to programs beyond calls: progress, sequences, objects, host services, and its own examples.</summary>
public sealed class ProgramFeaturesTests
{
    private const string Features = """
        sequences = {}
        def ask(method, params):
            write({"id": "mine", "method": method, "params": params})
            while (answer := read()).get("id") != "mine" or "method" in answer: pass
            return answer["result"]
        def count(to, token):
            for n in range(1, to + 1): write({"method": "$/progress", "params": {"token": token, "value": n}})
            return to
        def watch(count, fault):
            sequences[1] = list(range(count))
            return {"token": 1}
        def step(token):
            values, sequences[token] = sequences[token][:2], sequences[token][2:]
            return {"values": values, "finished": not sequences[token]}
        def total(numbers):
            values = numbers.get("values", [])
            finished = "token" not in numbers
            while not finished:
                more = ask("$/enumerator/next", [numbers["token"]])
                values, finished = values + more["values"], more["finished"]
            return sum(values)
        methods = {
            "$/pluginhost/load": lambda start: None,
            "$/enumerator/next": step,
            "Features.Count": count,
            "Features.Watch": watch,
            "Features.Sum": total,
            "Features.OpenSession": lambda name: {"__jsonrpc_marshaled": 1, "handle": 5},
            "$/invokeProxy/5/Greet": lambda guest: "hello " + guest,
            "Features.Ask": lambda listener, question: ask("$/invokeProxy/%d/Ask" % listener["handle"], [question]),
        }
        while True:
            call = read()
            if "id" not in call: continue
            if call["method"] in methods: write({"id": call["id"], "result": methods[call["method"]](*call["params"])})
            else: write({"id": call["id"], "error": {"code": -32601, "message": "unknown " + call["method"]}})
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_method_that_the_program_lacks_fails_that_call_alone_and_says_which()
    {
        await using ProgramHost host = await StartAsync();
        IFeatures features = host.Runtime.Get<IFeatures>(ProgramHost.Id);

        ContractMismatchException lacking = Assert.Throws<ContractMismatchException>(() => features.Opened());
        int counted = await features.CountAsync(3, null, Token);

        Assert.Contains("the worker's side of the contract does not fit the host's: unknown Features.Opened", lacking.Message, StringComparison.Ordinal);
        Assert.Equal((FaultKind.ContractMismatch, 3), (lacking.Kind, counted));
    }

    [Fact]
    public async Task Progress_comes_in_order_and_before_the_answer()
    {
        await using ProgramHost host = await StartAsync();
        Reports reports = new();

        int counted = await host.Runtime.Get<IFeatures>(ProgramHost.Id).CountAsync(20, reports, Token);

        Assert.Equal(20, counted);
        Assert.Equal(Enumerable.Range(1, 20), reports.Values);
    }

    [Fact]
    public async Task A_sequence_comes_step_by_step_and_another_goes()
    {
        await using ProgramHost host = await StartAsync();
        IFeatures features = host.Runtime.Get<IFeatures>(ProgramHost.Id);
        List<int> watched = [];

        await foreach (int number in features.Watch(5, null, Token))
        {
            watched.Add(number);
        }

        Assert.Equal([0, 1, 2, 3, 4], watched);
        Assert.Equal(5050, await features.SumAsync(Numbers(), Token));
    }

    [Fact]
    public async Task Objects_are_called_both_ways()
    {
        await using ProgramHost host = await StartAsync();
        IFeatures features = host.Runtime.Get<IFeatures>(ProgramHost.Id);

        await using ISession session = await features.OpenSessionAsync("x", Token);

        Assert.Equal("hello Ann", await session.GreetAsync("Ann", Token));
        Assert.Equal("heard: why", await features.AskAsync(new Listener(), "why", Token));
    }

    [Fact]
    public async Task A_granted_service_of_the_host_is_called_by_its_wire_name()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync(
            """
            call = read()
            service = call["params"][0]["services"][0]
            write({"id": 1, "method": service["methods"][0], "params": ["from Python"]})
            answer = read()
            with open(os.path.join(call["params"][0]["dataFolder"], "seen.json"), "w") as seen: json.dump([service["name"], service["refusal"], answer], seen)
            write({"id": call["id"], "result": None})
            serve(lambda call: counts)
            """,
            change: (json, options) =>
            {
                json["uses"] = new System.Text.Json.Nodes.JsonArray("Fixtures.Services.Contract.IJournal@1");
                json["trust"] = "full";
                return options.Provide<IJournal>(new Journal());
            });

        string seen = await File.ReadAllTextAsync(Directory.EnumerateFiles(host.State, "seen.json", SearchOption.AllDirectories).Single(), Token);

        Assert.Contains("[\"Fixtures.Services.Contract.IJournal\", null, ", seen, StringComparison.Ordinal);
        Assert.Contains("\"result\": \"noted: from Python\"", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_come_by_name_to_a_program_in_Python_that_asks_for_them()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync("""
            write({"id": read()["id"], "result": {"arguments": "byName"}})
            def answer(call):
                assert call["method"] == "WordCount.Count"
                return counts | {"words": len(call["params"]["text"]), "lines": call["params"]["top"]}
            while "text" in (call := read())["params"]: write({"id": call["id"], "result": answer(call)})
            assert (call["method"], type(call["params"])) == ("$/pluginhost/stop", list)
            write({"id": call["id"], "result": None})
            """);

        Samples.Contracts.WordCounts counts = await host.Plugin.CountAsync("abc", 7, Token);
        await host.Runtime.StopAsync(ProgramHost.Id);

        Assert.Equal((3, 7), (counts.Words, counts.Lines));
        Assert.Empty(host.Runtime.Faults);
    }

    [Fact]
    public async Task Arguments_come_by_name_to_a_handler_of_vscode_jsonrpc_that_takes_an_object()
    {
        Languages.Need("node");
        const string Program = """
            const rpc = require('vscode-jsonrpc/node');
            const connection = rpc.createMessageConnection(new rpc.StreamMessageReader(process.stdin), new rpc.StreamMessageWriter(process.stdout));
            connection.onRequest('$/pluginhost/load', () => ({ arguments: 'byName' }));
            connection.onRequest(new rpc.RequestType('WordCount.Count', rpc.ParameterStructures.byName), ({ text, top }) => ({ words: text.length, lines: top, characters: 0, frequent: [] }));
            connection.onClose(() => process.exit(0));
            connection.listen();
            """;
        await using ProgramHost host = await ProgramHost.StartAsync(["node", "./main.js"], new() { ["main.js"] = Program });

        Samples.Contracts.WordCounts counts = await host.Plugin.CountAsync("abc", 7, Token);

        Assert.Equal((3, 7), (counts.Words, counts.Lines));
    }

    [Fact]
    public async Task Objects_are_called_by_name_too_and_the_steps_of_a_sequence_stay_as_they_are()
    {
        string program = Features.Replace("lambda start: None", "lambda start: {\"arguments\": \"byName\"}", StringComparison.Ordinal)
            .Replace("(*call[\"params\"])", "(**call[\"params\"]) if type(call[\"params\"]) is dict else methods[call[\"method\"]](*call[\"params\"])", StringComparison.Ordinal);
        await using ProgramHost host = await StartAsync(program);
        IFeatures features = host.Runtime.Get<IFeatures>(ProgramHost.Id);
        List<int> watched = [];

        await using ISession session = await features.OpenSessionAsync("x", Token);
        await foreach (int number in features.Watch(5, null, Token))
        {
            watched.Add(number);
        }

        Assert.Equal("hello Ann", await session.GreetAsync("Ann", Token));
        Assert.Equal([0, 1, 2, 3, 4], watched);
    }

    [Fact]
    public async Task A_program_that_wants_its_arguments_in_an_unknown_form_is_told()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync("""
            write({"id": read()["id"], "result": {"arguments": "named"}})
            read()
            """);

        Assert.Contains("it wants arguments 'named'; expected 'byPosition' or 'byName'.", host.Runtime.Faults[0].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("main.py", "python3")]
    [InlineData("main.js", "node")]
    public async Task The_smallest_plugin_of_the_page_works(string file, string program)
    {
        Languages.Need(program);
        await using ProgramHost host = await ProgramHost.StartAsync([program, $"./{file}"], new() { [file] = OtherLanguagesPageTests.Example(file) });

        Samples.Contracts.WordCounts counts = await host.Plugin.CountAsync("a b é", 1, Token);

        Assert.Equal((3, 1, 5), (counts.Words, counts.Lines, counts.Characters));
    }

    private static Task<ProgramHost> StartAsync(string program = Features) => ProgramHost.PythonAsync(
        program,
        change: (json, options) =>
        {
            json["contracts"] = new System.Text.Json.Nodes.JsonArray("Fixtures.Features.Contract.IFeatures@1");
            return options;
        });

    private static async IAsyncEnumerable<int> Numbers()
    {
        for (int number = 1; number <= 100; number++)
        {
            await Task.Yield();
            yield return number;
        }
    }

    private sealed class Reports : IProgress<int>
    {
        private readonly List<int> _values = [];

        public IReadOnlyList<int> Values
        {
            get
            {
                lock (_values)
                {
                    return [.. _values];
                }
            }
        }

        public void Report(int value)
        {
            lock (_values)
            {
                _values.Add(value);
            }
        }
    }

    private sealed class Listener : IListener
    {
        public Task<string> AskAsync(string question, CancellationToken cancellationToken) => Task.FromResult($"heard: {question}");

        public Task<int> HearAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken) => Task.FromResult(0);
    }

    private sealed class Journal : IJournal
    {
        public string Write(string text) => $"noted: {text}";

        public Task<string> WriteLaterAsync(string text, CancellationToken cancellationToken) => Task.FromResult(text);

        public Task FailAsync(string how, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HangAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task WaitAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public int Dive(int left) => left;
    }
}
