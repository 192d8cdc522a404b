using System.Text.Json.Nodes;
using Fixtures.Services.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>Host services as programs of other languages call them, over the connection that they are called on. One subclass a language.</summary>
public abstract class ProgramServiceTests : IAsyncLifetime
{
    private readonly Journal _journal = new();
    private ProgramHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IRelay Relay => _host.Runtime.Get<IRelay>(ProgramHost.Id);

    public async ValueTask InitializeAsync()
    {
        _host = await StartAsync(
            (manifest, options) =>
            {
                manifest["contracts"] = new JsonArray(RelayHost.Next);
                manifest["uses"] = new JsonArray(RelayHost.Journal, RelayHost.Secrets);
                manifest["trust"] = "full";
                return options.Provide<IJournal>(_journal).Provide<ISecrets>(new Secrets());
            },
            [new ContractReference("Fixtures.Services.Contract.IJournal", 1)]);
        _journal.Diver = left => Relay.Dive(left);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_program_calls_the_application_which_sees_who_calls()
    {
        Assert.Equal("hello by tests.program (Full)", Relay.Write("hello"));
        Assert.Equal("é😀 by tests.program (Full)", await Relay.WriteLaterAsync("é😀", Token));
    }

    [Fact]
    public void It_may_call_while_it_starts() => Assert.Equal("start by tests.program (Full)", Relay.Ask("start"));

    [Fact]
    public async Task It_may_send_arguments_by_name() => Assert.Equal("by name by tests.program (Full)", await Relay.FailAsync("named", Token));

    [Fact]
    public async Task Calls_at_once_each_get_their_own_answer()
    {
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Relay.WriteLaterAsync($"{i}", Token)));

        Assert.Equal(Enumerable.Range(0, 32).Select(i => $"{i} by tests.program (Full)"), answers);
    }

    [Fact]
    public async Task A_declared_error_comes_with_its_type_and_its_members()
    {
        JsonNode error = await ErrorAsync("declared");

        Assert.Equal((1, typeof(JournalFullException).FullName), ((int)error["code"]!, (string?)error["data"]!["type"]));
        Assert.Equal(("no page left", 7), ((string?)error["data"]!["value"]!["message"], (int)error["data"]!["value"]!["pages"]!));
    }

    [Theory]
    [InlineData("undeclared", "Fault", "Exception", "the pen broke")]
    [InlineData("hang", "Timeout", "Timeout", "did not end within")]
    public async Task Every_other_failure_comes_as_a_fault_without_a_stack(string how, string type, string kind, string text)
    {
        JsonNode error = await ErrorAsync(how);

        JsonNode fault = error["data"]!["value"]!;
        Assert.Equal((1, "PluginHost.Fault"), ((int)error["code"]!, (string?)error["data"]!["type"]));
        Assert.Equal((type, kind, ProgramHost.Id), ((string?)fault["type"], (string?)fault["kind"], (string?)fault["plugin"]));
        Assert.Contains(text, (string?)fault["message"], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_contract_that_is_not_granted_has_no_methods_and_the_start_says_why()
    {
        JsonNode error = JsonNode.Parse(Relay.Force())!;

        Assert.Equal((-32601, "No method has the name 'Secrets.Tell'."), ((int)error["code"]!, (string?)error["message"]));
        Assert.Contains("may not use Fixtures.Services.Contract.ISecrets@1: the policy does not grant it", Relay.Ask("secrets"), StringComparison.Ordinal);
        Assert.Equal("null", Relay.Ask("journal"));
        Assert.Equal("again by tests.program (Full)", await Relay.WriteLaterAsync("again", Token));
        Assert.Empty(_host.Runtime.Faults);
    }

    [Fact]
    public async Task Arguments_that_do_not_fit_are_refused_and_nothing_is_called()
    {
        JsonNode error = await ErrorAsync("misfit");

        Assert.Equal(-32602, (int)error["code"]!);
        Assert.Null(error["data"]);
    }

    [Fact]
    public async Task Callbacks_while_the_host_waits_do_not_deadlock()
    {
        int depth = await Task.Run(() => Relay.Dive(4), Token).WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.Equal(4, depth);
    }

    [Fact]
    public void A_recursion_ends_at_the_limit_where_the_program_names_its_chains()
    {
        PluginFaultException fault = Assert.Throws<PluginFaultException>(() => Relay.Dive(100));

        Assert.Contains("the limit is 8", fault.Message, StringComparison.Ordinal);
        Assert.Equal("z by tests.program (Full)", Relay.Write("z"));
    }

    [Fact]
    public async Task A_cancellation_goes_through_the_program_to_the_service()
    {
        using CancellationTokenSource source = new();
        Task waiting = Relay.WaitAsync(source.Token);
        await UntilAsync(() => _journal.Waiting == 1);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await UntilAsync(() => _journal.Cancelled == 1);
        Assert.Empty(_host.Runtime.Faults);
    }

    private protected abstract Task<ProgramHost> StartAsync(
        Func<JsonNode, PluginRuntimeOptions, PluginRuntimeOptions> change, IReadOnlyList<ContractReference> grants);

    private async Task<JsonNode> ErrorAsync(string how) => JsonNode.Parse(await Relay.FailAsync(how, Token))!;

    private static async Task UntilAsync(Func<bool> condition)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "It has not come true for 30 s.");
            Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class Secrets : ISecrets
    {
        public string Tell() => "the secret";
    }
}

/// <summary>In Python, with nothing but its standard library.</summary>
public sealed class PythonServiceTests : ProgramServiceTests
{
    private const string Program = """
        import itertools, threading
        lock, numbers, pending, inner, here = threading.Lock(), itertools.count(), {}, {}, threading.local()
        services, started = {}, []
        class Failed(Exception): pass
        def send(message):
            with lock: write(message)
        def ask(method, *params, named=None):
            number = "p%d" % next(numbers)
            slot = pending[number] = [threading.Event(), None]
            inner[here.call] = number
            chain = {"chain": here.chain} if here.chain else {}
            send({"id": number, "method": method, "params": named or list(params), **chain})
            slot[0].wait()
            answer = slot[1]
            if "error" in answer: raise Failed(answer["error"])
            return answer["result"]
        def load(start):
            services.update((s["name"].split(".")[-1], s["refusal"]) for s in start["services"])
            started.append(ask("Journal.Write", "start"))
        def told(action):
            try: return action()
            except Failed as failed: return json.dumps(failed.args[0])
        def fail(how):
            if how == "named": return ask("Journal.Write", named={"text": "by name"})
            if how == "misfit": return told(lambda: ask("Journal.Write", 1, 2, 3))
            return told(lambda: ask("Journal.Hang") if how == "hang" else ask("Journal.Fail", how))
        methods = {
            "$/pluginhost/load": load,
            "Relay.Ask": lambda what: started[0] if what == "start" else str(services["I" + what.capitalize()] or "null"),
            "Relay.Write": lambda text: ask("Journal.Write", text),
            "Relay.WriteLater": lambda text: ask("Journal.WriteLater", text),
            "Relay.Fail": fail,
            "Relay.Wait": lambda: ask("Journal.Wait"),
            "Relay.Dive": lambda left: 0 if left == 0 else ask("Journal.Dive", left - 1) + 1,
            "Relay.Force": lambda: told(lambda: ask("Secrets.Tell")),
        }
        def answer(call):
            here.call, here.chain = call["id"], call.get("chain", "").split(";")[0]
            if call["method"] not in methods:
                return send({"id": call["id"], "error": {"code": -32601, "message": "unknown"}})
            try: send({"id": call["id"], "result": methods[call["method"]](*call["params"])})
            except Failed as failed: send({"id": call["id"], "error": {"code": failed.args[0]["code"], "message": failed.args[0]["message"]}})
        while True:
            message = read()
            if message.get("method") == "$/cancelRequest":
                send({"method": "$/cancelRequest", "params": {"id": inner[message["params"]["id"]]}})
            elif "method" in message and "id" in message: threading.Thread(target=answer, args=(message,), daemon=True).start()
            elif "id" in message:
                slot = pending.pop(message["id"])
                slot[1] = message
                slot[0].set()
        """;

    private protected override Task<ProgramHost> StartAsync(
        Func<JsonNode, PluginRuntimeOptions, PluginRuntimeOptions> change, IReadOnlyList<ContractReference> grants) =>
        ProgramHost.PythonAsync(Program, change: change, grants: grants);
}

/// <summary>In JavaScript, on npm's vscode-jsonrpc.</summary>
public sealed class NodeServiceTests : ProgramServiceTests
{
    private const string Program = """
        'use strict';
        const { AsyncLocalStorage } = require('node:async_hooks');
        const rpc = require('vscode-jsonrpc/node');
        console.log = console.error;
        const chains = new AsyncLocalStorage();
        const writer = new rpc.StreamMessageWriter(process.stdout);
        const write = writer.write.bind(writer);
        writer.write = message => write(message.method && message.id !== undefined && chains.getStore() ? { ...message, chain: chains.getStore() } : message);
        const connection = rpc.createMessageConnection(new rpc.StreamMessageReader(process.stdin), writer, undefined, {
          messageStrategy: { handleMessage: (message, next) => chains.run((message.chain ?? '').split(';')[0], () => next(message)) },
        });
        const ask = (method, ...params) => connection.sendRequest(method, ...params);
        const services = new Map();
        let started;
        const told = async action => {
          try {
            return await action();
          } catch (error) {
            return JSON.stringify({ code: error.code, message: error.message, data: error.data });
          }
        };
        connection.onRequest('$/pluginhost/load', async start => {
          start.services.forEach(service => services.set(service.name.split('.').at(-1).toLowerCase(), service.refusal));
          started = await ask('Journal.Write', 'start');
          return null;
        });
        connection.onRequest('Relay.Ask', what => what === 'start' ? started : String(services.get('i' + what)));
        connection.onRequest('Relay.Write', text => ask('Journal.Write', text));
        connection.onRequest('Relay.WriteLater', text => ask('Journal.WriteLater', text));
        connection.onRequest('Relay.Fail', how => {
          switch (how) {
            case 'named': return ask('Journal.Write', rpc.ParameterStructures.byName, { text: 'by name' });
            case 'misfit': return told(() => ask('Journal.Write', 1, 2, 3));
            case 'hang': return told(() => ask('Journal.Hang'));
            default: return told(() => ask('Journal.Fail', how));
          }
        });
        connection.onRequest('Relay.Wait', token => ask('Journal.Wait', token));
        connection.onRequest('Relay.Dive', async left => left === 0 ? 0 : await ask('Journal.Dive', left - 1) + 1);
        connection.onRequest('Relay.Force', () => told(() => ask('Secrets.Tell')));
        connection.onClose(() => process.exit(0));
        connection.listen();
        """;

    private protected override Task<ProgramHost> StartAsync(
        Func<JsonNode, PluginRuntimeOptions, PluginRuntimeOptions> change, IReadOnlyList<ContractReference> grants)
    {
        Languages.Need("node");
        return ProgramHost.StartAsync(["node", "./main.js"], new() { ["main.js"] = Program }, change: change, grants: grants);
    }
}
