using System.Text.Json;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Interop;

/// <summary>Progress, sequences and objects with npm's vscode-jsonrpc, in both directions: it has the first itself, the others are written out on its side.</summary>
public sealed class NodeLeaseTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Its_progress_comes_before_its_answer(bool isByPosition)
    {
        await using NodePeer node = NodePeer.Start();
        if (isByPosition)
        {
            await node.CallAsync<ReportByPosition>();
        }

        Reports<int> reports = new();

        Assert.Equal(3, await CallAsync<WorkCall, int>(node, new WorkCall(reports)));

        Assert.Equal([0, 10, 20], reports.All);
    }

    [Fact]
    public async Task It_hears_our_progress()
    {
        LendingDispatcher lending = new()
        {
            Work = static (progress, _) =>
            {
                progress?.Report(1);
                progress?.Report(2);
                return Task.FromResult(progress is null ? 0 : 9);
            },
        };
        await using NodePeer node = NodePeer.Start(targets: lending);

        Assert.Equal("""{"value":9,"reports":[1,2]}""", await RunAsync(node, "progress"));
        Assert.Equal("""{"value":0}""", await RunAsync(node, "noProgress"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(50)]
    public async Task Its_sequences_are_read_in_each_of_their_forms(int count)
    {
        await using NodePeer node = NodePeer.Start();
        List<int> items = [];

        await foreach (int item in await CallAsync<ItemsCall, IAsyncEnumerable<int>>(node, new ItemsCall(count)))
        {
            items.Add(item);
        }

        Assert.Equal(Enumerable.Range(1, count), items);
    }

    [Fact]
    public async Task Its_sequence_that_we_leave_is_aborted_and_one_that_breaks_says_why()
    {
        await using NodePeer node = NodePeer.Start();
        await foreach (int item in await CallAsync<ItemsCall, IAsyncEnumerable<int>>(node, new ItemsCall(1000)))
        {
            Assert.Equal(1, item);
            break;
        }

        Assert.Equal("[1,]", await node.CallAsync<Aborted>());
        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(async () =>
            await Numbers.SumAsync(await CallAsync<ItemsCall, IAsyncEnumerable<int>>(node, new ItemsCall(-1)), default));
        Assert.Equal((-32050, "The sequence broke."), (thrown.Code, thrown.ErrorMessage));
    }

    [Fact]
    public async Task It_reads_our_sequences_as_results_and_as_arguments()
    {
        await using NodePeer node = NodePeer.Start(targets: new LendingDispatcher());

        Assert.Equal("""{"sum":325,"dead":-32001}""", await RunAsync(node, "sequence"));
        Assert.Equal("""{"dead":-32001}""", await RunAsync(node, "abort"));
        Assert.Equal("""{"value":15}""", await RunAsync(node, "lend"));
        Assert.Equal(5050, await CallAsync<SumItemsCall, int>(node, new SumItemsCall(Numbers.To(100, default))));
    }

    [Fact]
    public async Task Its_object_is_called_given_back_and_released()
    {
        await using NodePeer node = NodePeer.Start();

        ISession session = (await CallAsync<OpenCall, ISession?>(node, new OpenCall(10)))!;

        Assert.Equal(15, await session.AddAsync(5));
        Assert.Equal(-7, await CallAsync<VisitCall, int>(node, new VisitCall(session)));
        session.Dispose();
        string released = await node.CallAsync<Released>();
        Assert.Contains("\"handle\":7", released, StringComparison.Ordinal);
        Assert.Contains("\"ownedBySender\":false", released, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(async () => await session.AddAsync(1));
    }

    [Fact]
    public async Task It_calls_our_object_until_it_releases_it()
    {
        LendingDispatcher lending = new()
        {
            Visit = static counter => Task.FromResult(counter is Counter ? 1 : 0),
        };
        await using NodePeer node = NodePeer.Start(targets: lending);

        Assert.Equal("""{"kind":1,"values":[15,20,1],"mine":1,"dead":-32001}""", await RunAsync(node, "object"));
    }

    [Fact]
    public async Task It_calls_our_object_in_an_argument_only_as_long_as_it_may()
    {
        await using NodePeer node = NodePeer.Start();
        Counter counter = new(41);

        Assert.Equal(42, await CallAsync<VisitCall, int>(node, new VisitCall(counter, ObjectLifetime.Call)));
        Assert.StartsWith("""{"code":-32001,""", await RunAsync(node, "held"), StringComparison.Ordinal);
        Assert.Equal(43, await CallAsync<VisitCall, int>(node, new VisitCall(counter)));
        Assert.Equal("""{"value":44}""", await RunAsync(node, "held"));
    }

    [Fact]
    public async Task We_call_its_object_in_an_argument()
    {
        await using NodePeer node = NodePeer.Start(targets: new LendingDispatcher());

        Assert.Equal("""{"value":1}""", await RunAsync(node, "give"));
    }

    private static async Task<TResult> CallAsync<TCall, TResult>(NodePeer node, TCall call)
        where TCall : struct, ICall<TResult> =>
        (await Until.Ends(node.Connection.CallAsync<TCall, TResult>(call, s_long, default).AsTask())).Value;

    private static async Task<string> RunAsync(NodePeer node, string scenario) =>
        JsonSerializer.Deserialize<string>(await node.CallAsync<Run>(scenario))!;

    private sealed class ReportByPosition : IWireName { public static ContractMethod Method { get; } = new(0, "reportByPosition", "reportByPosition"); }

    private sealed class Aborted : IWireName { public static ContractMethod Method { get; } = new(0, "aborted", "aborted"); }

    private sealed class Released : IWireName { public static ContractMethod Method { get; } = new(0, "released", "released"); }

    private sealed class Run : IWireName { public static ContractMethod Method { get; } = new(0, "run", "run"); }
}
