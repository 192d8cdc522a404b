using System.Text.RegularExpressions;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Leasing;

/// <summary>What stands on the wire, byte for byte, as other peers write and read it.</summary>
public sealed class LeaseWireTests
{
    [Fact]
    public async Task Progress_is_asked_for_with_a_number_and_taken_by_name_and_by_position()
    {
        await using RawPeer peer = new();
        Reports<int> reports = new();
        Task<RpcReply<int>> call = peer.Connection.CallAsync<WorkCall, int>(new WorkCall(reports), LendingPair.Patience, default).AsTask();

        string request = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","method":"$/progress","params":{"token":1,"value":10}}""");
        peer.Send("""{"jsonrpc":"2.0","method":"$/progress","params":[1,20]}""");
        peer.Send("""{"jsonrpc":"2.0","method":"$/progress","params":{"value":30,"token":1}}""");
        peer.Send("""{"jsonrpc":"2.0","method":"$/progress","params":{"token":"1","value":40}}""");
        peer.Send("""{"jsonrpc":"2.0","method":"$/progress","params":{"token":1,"value":"no number"}}""");
        peer.Send("""{"jsonrpc":"2.0","id":65536,"result":1}""");
        await Until.Ends(call);

        Assert.Equal("""{"jsonrpc":"2.0","id":65536,"method":"Lending.Work","params":[1]}""", request);
        Assert.Equal([10, 20, 30], reports.All);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("-7")]
    [InlineData("\"p-1\"")]
    [InlineData("9007199254740993")]
    public async Task A_report_goes_out_by_name_with_the_token_as_it_came(string token)
    {
        LendingDispatcher lending = new() { Work = ReportTen };
        await using RawPeer peer = new(targets: lending);

        peer.Send($$"""{"jsonrpc":"2.0","id":1,"method":"Lending.Work","params":[{{token}}]}""");

        Assert.Equal($$$"""{"jsonrpc":"2.0","method":"$/progress","params":{"token":{{{token}}},"value":10}}""", await peer.ReceiveAsync());
        Assert.StartsWith("""{"jsonrpc":"2.0","id":1,"result":0""", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("true")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("\"LONG\"")]
    public async Task A_token_that_is_neither_an_integer_nor_a_short_string_is_an_argument_that_does_not_fit(string token)
    {
        await using RawPeer peer = new(targets: new LendingDispatcher());

        peer.Send($$"""{"jsonrpc":"2.0","id":1,"method":"Lending.Work","params":[{{token.Replace("LONG", new string('x', 129), StringComparison.Ordinal)}}]}""");

        Assert.Contains("\"code\":-32602", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_in_MessagePack_is_the_map_that_others_write()
    {
        await using RawPeer peer = new(targets: new LendingDispatcher { Work = ReportTen });

        peer.Send(Convert.FromHexString("84a76a736f6e727063a3322e30a2696401a66d6574686f64ac4c656e64696e672e576f726ba6706172616d739100"));

        Assert.Equal("83a76a736f6e727063a3322e30a66d6574686f64aa242f70726f6772657373a6706172616d7382a5746f6b656e00a576616c75650a", await peer.ReceiveHexAsync());
    }

    [Fact]
    public async Task A_sequence_is_a_token_and_its_steps_are_values_and_an_end()
    {
        LendingDispatcher lending = new() { Items = static (count, _) => Enumerable.Range(0, count).ToAsyncEnumerable() };
        await using RawPeer peer = new(static o => o with { Leases = new LeaseOptions { SequenceReadAhead = 0, SequenceMinBatch = 2 } }, lending);

        peer.Send("""{"jsonrpc":"2.0","id":22,"method":"Lending.Items","params":[3]}""");
        string sequence = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":23,"method":"$/enumerator/next","params":[1]}""");
        string first = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":24,"method":"$/enumerator/next","params":{"token":1}}""");
        string last = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":25,"method":"$/enumerator/next","params":[1]}""");
        string dead = await peer.ReceiveAsync();

        Assert.Equal("""{"jsonrpc":"2.0","id":22,"result":{"token":1}}""", WithoutInside(sequence));
        Assert.Equal("""{"jsonrpc":"2.0","id":23,"result":{"values":[0,1],"finished":false}}""", WithoutInside(first));
        Assert.Equal("""{"jsonrpc":"2.0","id":24,"result":{"values":[2],"finished":true}}""", WithoutInside(last));
        Assert.Equal("""{"jsonrpc":"2.0","id":25,"error":{"code":-32001,"message":"This remote object no longer exists."}}""", dead);
    }

    [Fact]
    public async Task A_step_in_MessagePack_is_a_pair()
    {
        LendingDispatcher lending = new() { Items = static (count, _) => Enumerable.Range(0, count).ToAsyncEnumerable() };
        await using RawPeer peer = new(static o => o with { Leases = new LeaseOptions { SequenceReadAhead = 0, SequenceMinBatch = 20 } }, lending);

        peer.Send(Convert.FromHexString("84a76a736f6e727063a3322e30a2696416a66d6574686f64ad4c656e64696e672e4974656d73a6706172616d739115"));
        string sequence = await peer.ReceiveHexAsync();
        peer.Send(Convert.FromHexString("84a76a736f6e727063a3322e30a2696417a66d6574686f64b1242f656e756d657261746f722f6e657874a6706172616d739101"));
        string many = await peer.ReceiveHexAsync();
        peer.Send(Convert.FromHexString("84a76a736f6e727063a3322e30a2696418a66d6574686f64b1242f656e756d657261746f722f6e657874a6706172616d739101"));
        string last = await peer.ReceiveHexAsync();

        Assert.Contains("a2696416a6726573756c7481a5746f6b656e01a6696e73696465", sequence, StringComparison.Ordinal);
        Assert.Contains("a2696417a6726573756c7492dc0014000102030405060708090a0b0c0d0e0f10111213c2a6696e73696465", many, StringComparison.Ordinal);
        Assert.Contains("a2696418a6726573756c74929114c3a6696e73696465", last, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"values":[1,2]}""", 3)]
    [InlineData("""{"token":null,"values":[1,2]}""", 3)]
    [InlineData("""{"values":[]}""", 0)]
    public async Task A_sequence_that_came_whole_asks_for_nothing(string value, int sum)
    {
        await using RawPeer peer = new();
        Task<RpcReply<IAsyncEnumerable<int>>> call = peer.Connection.CallAsync<ItemsCall, IAsyncEnumerable<int>>(new ItemsCall(1), LendingPair.Patience, default).AsTask();
        await peer.ReceiveAsync();

        peer.Send($$"""{"jsonrpc":"2.0","id":65536,"result":{{value}}}""");

        Assert.Equal(sum, await Numbers.SumAsync((await Until.Ends(call)).Value, default));
    }

    [Theory]
    [InlineData("""{"values":[3],"finished":true}""")]
    [InlineData("""[[3],true]""")]
    public async Task Items_that_came_with_a_sequence_are_given_before_it_asks(string step)
    {
        await using RawPeer peer = new();
        Task<RpcReply<IAsyncEnumerable<int>>> call = peer.Connection.CallAsync<ItemsCall, IAsyncEnumerable<int>>(new ItemsCall(1), LendingPair.Patience, default).AsTask();
        await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":65536,"result":{"token":7,"values":[1,2]}}""");

        Task<int> sum = Numbers.SumAsync((await Until.Ends(call)).Value, default);
        string asked = await peer.ReceiveAsync();
        peer.Send($$"""{"jsonrpc":"2.0","id":131072,"result":{{step}}}""");

        Assert.Equal("""{"jsonrpc":"2.0","id":131072,"method":"$/enumerator/next","params":[7]}""", asked);
        Assert.Equal(6, await Until.Ends(sum));
    }

    [Fact]
    public async Task A_consumer_that_stops_sends_an_abort()
    {
        await using RawPeer peer = new();
        Task<RpcReply<IAsyncEnumerable<int>>> call = peer.Connection.CallAsync<ItemsCall, IAsyncEnumerable<int>>(new ItemsCall(1), LendingPair.Patience, default).AsTask();
        await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":65536,"result":{"token":3,"values":[1,2]}}""");

        await foreach (int _ in (await Until.Ends(call)).Value)
        {
            break;
        }

        Assert.Equal("""{"jsonrpc":"2.0","method":"$/enumerator/abort","params":[3]}""", await peer.ReceiveAsync());
    }

    [Fact]
    public async Task An_abort_as_a_request_is_answered_with_null_and_a_dead_token_is_nothing()
    {
        WatchedNumbers watched = new();
        await using RawPeer peer = new(targets: new LendingDispatcher { Items = (_, token) => watched.OneThenWaits(token) });
        peer.Send("""{"jsonrpc":"2.0","id":1,"method":"Lending.Items","params":[1]}""");
        await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":2,"method":"$/enumerator/next","params":[1]}""");
        await peer.ReceiveAsync();

        peer.Send("""{"jsonrpc":"2.0","id":3,"method":"$/enumerator/abort","params":[1]}""");
        string answer = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","method":"$/enumerator/abort","params":[1]}""");
        peer.Send("""{"jsonrpc":"2.0","method":"$/enumerator/abort","params":[99]}""");

        await Until.Ends(watched.Disposed);
        Assert.Equal("""{"jsonrpc":"2.0","id":3,"result":null}""", WithoutInside(answer));
        Assert.Equal(0, peer.Connection.Leases.Sequences.Count);
    }

    [Fact]
    public async Task A_sequence_in_arguments_is_a_token_and_its_step_is_answered_while_the_call_runs()
    {
        await using RawPeer peer = new(static o => o with { Leases = new LeaseOptions { SequenceReadAhead = 0 } });
        Task<RpcReply<int>> call = peer.Connection.CallAsync<SumItemsCall, int>(new SumItemsCall(Numbers.To(1, default)), LendingPair.Patience, default).AsTask();

        string request = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":2,"method":"$/enumerator/next","params":[1]}""");
        string step = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":65536,"result":1}""");
        await Until.Ends(call);
        peer.Send("""{"jsonrpc":"2.0","id":3,"method":"$/enumerator/next","params":[1]}""");

        Assert.Equal("""{"jsonrpc":"2.0","id":65536,"method":"Lending.Sum","params":[{"token":1}]}""", request);
        Assert.Equal("""{"jsonrpc":"2.0","id":2,"result":{"values":[1],"finished":false}}""", WithoutInside(step));
        Assert.Contains("\"code\":-32001", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_object_is_a_handle_and_is_called_and_released_in_every_spelling()
    {
        Counter counter = new(0);
        await using RawPeer peer = new(targets: new LendingDispatcher { Open = _ => counter });
        peer.Send("""{"jsonrpc":"2.0","id":29,"method":"Lending.Open","params":[0]}""");
        string result = await peer.ReceiveAsync();

        foreach (string name in (string[])["Add", "AddAsync", "1.Add", "1.AddAsync"])
        {
            peer.Send($$"""{"jsonrpc":"2.0","id":30,"method":"$/invokeProxy/65536/{{name}}","params":[5]}""");
            Assert.Contains("\"result\":", await peer.ReceiveAsync(), StringComparison.Ordinal);
        }

        peer.Send("""{"jsonrpc":"2.0","id":31,"method":"$/invokeProxy/65536/Nope","params":[5]}""");
        string unknown = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","method":"$/invokeProxy/65536/Dispose","params":[]}""");
        peer.Send("""{"jsonrpc":"2.0","method":"$/releaseMarshaledObject","params":{"handle":65536,"ownedBySender":false}}""");
        peer.Send("""{"jsonrpc":"2.0","id":32,"method":"$/releaseMarshaledObject","params":[65536,false]}""");
        string released = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":33,"method":"$/invokeProxy/65536/Add","params":[5]}""");
        string dead = await peer.ReceiveAsync();

        Assert.Equal("""{"jsonrpc":"2.0","id":29,"result":{"__jsonrpc_marshaled":1,"handle":65536}}""", WithoutInside(result));
        Assert.Equal(20, await counter.AddAsync(0, default));
        Assert.Contains("\"code\":-32601", unknown, StringComparison.Ordinal);
        await Until.Ends(counter.Disposed);
        Assert.Equal("""{"jsonrpc":"2.0","id":32,"result":null}""", WithoutInside(released));
        Assert.Contains("\"code\":-32001", dead, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","method":"$/releaseMarshaledObject","params":{"handle":65536,"ownedBySender":false}}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/releaseMarshaledObject","params":[65536,false]}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/invokeProxy/65536/dispose","params":[]}""")]
    [InlineData("""{"jsonrpc":"2.0","id":9,"method":"$/invokeProxy/65536/DisposeAsync"}""")]
    public async Task Each_way_to_let_go_of_an_object_that_can_be_disposed_disposes_it(string message)
    {
        Counter counter = new(0);
        await using RawPeer peer = new(targets: new LendingDispatcher { Open = _ => counter });
        peer.Send("""{"jsonrpc":"2.0","id":29,"method":"Lending.Open","params":[0]}""");
        await peer.ReceiveAsync();

        peer.Send(message);

        await Until.Ends(counter.Disposed);
        Assert.Equal(0, peer.Connection.Leases.Objects.Count);
    }

    [Fact]
    public async Task An_object_in_MessagePack_has_all_four_members()
    {
        await using RawPeer peer = new(targets: new LendingDispatcher());

        peer.Send(Convert.FromHexString("84a76a736f6e727063a3322e30a269641da66d6574686f64ac4c656e64696e672e4f70656ea6706172616d739101"));

        Assert.Contains(
            "a6726573756c7484b35f5f6a736f6e7270635f6d61727368616c656401a668616e646c65ce00010000a86c69666574696d65c0b26f7074696f6e616c496e7465726661636573c0",
            await peer.ReceiveHexAsync(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peers_object_is_called_given_back_and_let_go_of_as_others_do()
    {
        await using RawPeer peer = new();
        Task<RpcReply<ISession?>> opened = peer.Connection.CallAsync<OpenCall, ISession?>(new OpenCall(1), LendingPair.Patience, default).AsTask();
        await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":65536,"result":{"__jsonrpc_marshaled":1,"handle":0,"optionalInterfaces":[1]}}""");
        CounterProxy counter = (CounterProxy)(await Until.Ends(opened)).Value!;

        Task<int> added = counter.AddAsync(5, default).AsTask();
        string called = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":131072,"result":6}""");
        await Until.Ends(added);
        _ = peer.Connection.CallAsync<VisitCall, int>(new VisitCall(counter), LendingPair.Patience, default).AsTask();
        string given = await peer.ReceiveAsync();
        counter.Dispose();

        Assert.Equal("""{"jsonrpc":"2.0","id":131072,"method":"$/invokeProxy/0/Add","params":[5]}""", called);
        Assert.Equal("""{"jsonrpc":"2.0","id":196608,"method":"Lending.Visit","params":[{"__jsonrpc_marshaled":0,"handle":0}]}""", given);
        Assert.Equal("""{"jsonrpc":"2.0","method":"$/invokeProxy/0/Dispose","params":[]}""", await peer.ReceiveAsync());
        Assert.Equal("""{"jsonrpc":"2.0","method":"$/releaseMarshaledObject","params":{"handle":0,"ownedBySender":false}}""", await peer.ReceiveAsync());
    }

    [Fact]
    public async Task A_handle_that_comes_again_is_the_same_proxy()
    {
        await using RawPeer peer = new();
        List<ISession?> came = [];
        foreach (long id in (long[])[65536, 131072])
        {
            Task<RpcReply<ISession?>> opened = peer.Connection.CallAsync<OpenCall, ISession?>(new OpenCall(1), LendingPair.Patience, default).AsTask();
            await peer.ReceiveAsync();
            peer.Send($$"""{"jsonrpc":"2.0","id":{{id}},"result":{"__jsonrpc_marshaled":1,"handle":5} }""");
            came.Add((await Until.Ends(opened)).Value);
        }

        Assert.Same(came[0], came[1]);
    }

    [Theory]
    [InlineData(-32001, "This remote object no longer exists.")]
    [InlineData(-32601, "No method by the name is found.")]
    [InlineData(-32602, "Unable to find method '$/invokeProxy/0/Add/1' on {no object}.")]
    public async Task What_peers_say_of_a_dead_object_is_that_it_is_gone(int code, string message)
    {
        await using RawPeer peer = new();
        Task<RpcReply<ISession?>> opened = peer.Connection.CallAsync<OpenCall, ISession?>(new OpenCall(1), LendingPair.Patience, default).AsTask();
        await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":65536,"result":{"__jsonrpc_marshaled":1,"handle":0}}""");
        CounterProxy counter = (CounterProxy)(await Until.Ends(opened)).Value!;

        Task<int> added = counter.AddAsync(5, default).AsTask();
        await peer.ReceiveAsync();
        peer.Send($$"""{"jsonrpc":"2.0","id":131072,"error":{"code":{{code}},"message":"{{message}}"} }""");

        await Assert.ThrowsAsync<RpcReleasedException>(() => Until.Ends(added));
        Assert.Equal(0, peer.Connection.Leases.RemoteObjects.Count);
    }

    [Fact]
    public async Task An_owner_that_takes_its_object_back_is_not_told_of_it_again()
    {
        await using RawPeer peer = new();
        Task<RpcReply<ISession?>> opened = peer.Connection.CallAsync<OpenCall, ISession?>(new OpenCall(1), LendingPair.Patience, default).AsTask();
        await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":65536,"result":{"__jsonrpc_marshaled":1,"handle":4}}""");
        ISession session = (await Until.Ends(opened)).Value!;

        peer.Send("""{"jsonrpc":"2.0","id":1,"method":"$/releaseMarshaledObject","params":{"handle":4,"ownedBySender":true}}""");
        await peer.ReceiveAsync();
        session.Dispose();
        peer.Connection.Notify(new TellCall(1));

        Assert.Equal(0, peer.Connection.Leases.RemoteObjects.Count);
        Assert.Contains("Probe.Tell", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_scoped_object_says_so_and_a_handle_is_never_used_twice()
    {
        await using RawPeer peer = new();

        foreach (long id in (long[])[65536, 131072])
        {
            long handle = id;
            Task<RpcReply<int>> visit = peer.Connection.CallAsync<VisitCall, int>(new VisitCall(new Counter(1), ObjectLifetime.Call), LendingPair.Patience, default).AsTask();
            string request = await peer.ReceiveAsync();
            peer.Send($$"""{"jsonrpc":"2.0","id":{{id}},"result":1}""");
            await Until.Ends(visit);

            Assert.Equal(
                $$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"Lending.Visit","params":[{"__jsonrpc_marshaled":1,"handle":{{{handle}}},"lifetime":"call"}]}""", request);
        }
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"verbose"}}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/nobodyKnows"}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/progress"}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/progress","params":7}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/enumerator/abort","params":["x"]}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/enumerator/next","params":[1]}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/releaseMarshaledObject","params":{"ownedBySender":7,"handle":{}}}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/invokeProxy/12/Add","params":[1]}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/invokeProxy/","params":[1]}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/invokeProxy/99999999999999999999999/Add","params":[1]}""")]
    public async Task A_notification_that_means_nothing_is_ignored(string message)
    {
        await using RawPeer peer = new(targets: new LendingDispatcher());

        peer.Send(message);
        peer.Send("""{"jsonrpc":"2.0","id":1,"method":"Lending.Work","params":[null]}""");

        Assert.StartsWith("""{"jsonrpc":"2.0","id":1,"result":0""", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("$/nobodyKnows", "[]", -32601)]
    [InlineData("$/invokeProxy/", "[]", -32601)]
    [InlineData("$/invokeProxy/x/Add", "[1]", -32601)]
    [InlineData("$/invokeProxy/12/Add", "[1]", -32001)]
    [InlineData("$/enumerator/next", "[77]", -32001)]
    [InlineData("$/enumerator/next", "[\"a\"]", -32602)]
    [InlineData("$/enumerator/next", "{}", -32602)]
    [InlineData("$/enumerator/abort", "{}", -32602)]
    [InlineData("$/releaseMarshaledObject", "[]", -32602)]
    public async Task A_request_that_means_nothing_is_answered_with_its_code(string method, string arguments, int code)
    {
        await using RawPeer peer = new(targets: new LendingDispatcher());

        peer.Send($$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{arguments}}}""");

        Assert.Contains($"\"code\":{code}", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"__jsonrpc_marshaled":1}""")]
    [InlineData("""{"handle":1}""")]
    [InlineData("""{"__jsonrpc_marshaled":2,"handle":1}""")]
    [InlineData("""{"__jsonrpc_marshaled":0,"handle":1}""")]
    [InlineData("7")]
    public async Task A_value_that_is_no_object_is_an_argument_that_does_not_fit(string value)
    {
        await using RawPeer peer = new(targets: new LendingDispatcher());

        peer.Send($$"""{"jsonrpc":"2.0","id":1,"method":"Lending.Visit","params":[{{value}}]}""");

        Assert.Contains("\"code\":-32602", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_tells_no_type_and_no_stack()
    {
        await using RawPeer peer = new(static o => o with { SendsStacks = false }, new LendingDispatcher { Work = static (_, _) => throw new InvalidOperationException("Broken.") });

        peer.Send("""{"jsonrpc":"2.0","id":1,"method":"Lending.Work","params":[null]}""");

        Assert.Equal("""{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Broken."}}""", await peer.ReceiveAsync());
    }

    private static Task<int> ReportTen(IProgress<int>? progress, CancellationToken cancellationToken)
    {
        progress!.Report(10);
        return Task.FromResult(0);
    }

    private static string WithoutInside(string answer) => Regex.Replace(answer, ",\"inside\":\\d+", "");
}
