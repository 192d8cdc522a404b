using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Leasing;

/// <summary>Objects of contracts as results and as arguments; the same in each codec.</summary>
public abstract class ObjectTests(RpcCodec codec)
{
    [Fact]
    public async Task A_result_is_called_where_it_lives()
    {
        await using LendingPair pair = new(codec);

        CounterProxy counter = await pair.Open(5);

        Assert.Equal(8, await counter.AddAsync(3, default));
        Assert.Equal(9, counter.Add(1));
    }

    [Fact]
    public async Task A_declared_error_of_an_object_keeps_its_type()
    {
        await using LendingPair pair = new(codec);
        CounterProxy counter = await pair.Open(5);

        NotFoundException thrown = await Assert.ThrowsAsync<NotFoundException>(async () => await counter.AddAsync(13, default));

        Assert.Equal("thirteen", thrown.Key);
    }

    [Fact]
    public async Task An_argument_is_called_back_while_its_call_runs()
    {
        await using LendingPair pair = new(codec);
        Counter counter = new(20);

        int result = await pair.Visit(counter);

        Assert.Equal(21, result);
        Assert.Equal(1, pair.Near.Leases.Objects.Count);
    }

    [Fact]
    public async Task Null_crosses_as_null()
    {
        await using LendingPair pair = new(codec);
        pair.Lending.Open = static _ => null;
        pair.Lending.Visit = static counter => Task.FromResult(counter is null ? 1 : 0);

        Assert.Null(await pair.Call<OpenCall, ISession?>(new OpenCall(1)));
        Assert.Equal(1, await pair.Visit(null));
    }

    [Fact]
    public async Task An_object_given_back_is_the_original()
    {
        await using LendingPair pair = new(codec);
        Counter original = new(1);
        ICounter? came = null;
        pair.Lending.Open = _ => original;
        pair.Lending.Visit = counter =>
        {
            came = counter;
            return Task.FromResult(0);
        };

        await pair.Visit(await pair.Open(0));

        Assert.Same(original, came);
        Assert.Equal(1, pair.Far.Leases.Objects.Count);
        Assert.Equal(0, pair.Near.Leases.Objects.Count);
    }

    [Fact]
    public async Task A_disposed_proxy_frees_the_object_and_disposes_it_and_is_not_called_again()
    {
        await using LendingPair pair = new(codec);
        Counter original = new(1);
        pair.Lending.Open = _ => original;
        CounterProxy counter = await pair.Open(0);

        counter.Dispose();
        counter.Dispose();

        await Until.Ends(original.Disposed);
        await Until.True(() => pair.Far.Leases.Objects.Count == 0);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await counter.AddAsync(1, default));
        Assert.Equal(0, pair.Near.Leases.RemoteObjects.Count);
    }

    [Fact]
    public async Task An_object_for_the_call_ends_with_it()
    {
        await using LendingPair pair = new(codec);
        ICounter? kept = null;
        pair.Lending.Visit = async counter =>
        {
            kept = counter;
            return await counter!.AddAsync(1);
        };

        int result = await pair.Visit(new Counter(1), ObjectLifetime.Call);

        Assert.Equal(2, result);
        Assert.Equal(0, pair.Near.Leases.Objects.Count);
        await Assert.ThrowsAsync<RpcReleasedException>(async () => await kept!.AddAsync(1));
        ((CounterProxy)kept!).Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await kept!.AddAsync(1));
    }

    [Fact]
    public async Task Objects_of_a_call_that_fails_end_on_both_sides()
    {
        await using LendingPair pair = new(codec);
        ICounter? kept = null;
        pair.Lending.Visit = counter =>
        {
            kept = counter;
            throw new NotFoundException("no");
        };

        await Assert.ThrowsAsync<NotFoundException>(() => pair.Visit(new Counter(1)));

        Assert.Equal(0, pair.Near.Leases.Objects.Count);
        Assert.Equal(0, pair.Far.Leases.RemoteObjects.Count);
        await Assert.ThrowsAsync<RpcReleasedException>(async () => await kept!.AddAsync(1));
    }

    [Fact]
    public async Task A_forgotten_proxy_is_let_go_of()
    {
        await using LendingPair pair = new(codec);
        await OpenAndForget(pair);

        await Until.True(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return pair.Far.Leases.Objects.Count == 0;
        });

        Assert.Equal(0, pair.Near.Leases.RemoteObjects.Count);
    }

    [Fact]
    public async Task A_forgotten_sequence_is_given_back()
    {
        await using LendingPair pair = new(codec);
        await AskAndForget(pair);

        await Until.True(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return pair.Far.Leases.Sequences.Count == 0;
        });
    }

    [Fact]
    public async Task More_objects_than_may_be_alive_fail_the_call_that_brings_one_more()
    {
        await using LendingPair pair = new(codec, far: static o => o with { Leases = new LeaseOptions { MaxObjects = 2 } });
        CounterProxy first = await pair.Open(1);
        CounterProxy second = await pair.Open(2);

        RpcErrorException refused = await Assert.ThrowsAsync<RpcErrorException>(() => pair.Open(3));
        first.Dispose();
        CounterProxy third = await pair.Open(3);

        Assert.Contains("2 objects", refused.Message, StringComparison.Ordinal);
        Assert.Equal(3, await second.AddAsync(1, default));
        Assert.Equal(4, await third.AddAsync(1, default));
    }

    [Fact]
    public async Task Sixty_four_calls_of_objects_at_once_keep_to_their_objects()
    {
        await using LendingPair pair = new(codec);
        CounterProxy[] counters = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => pair.Open(i * 1000)));

        int[] sums = await Task.WhenAll(counters.Select(async counter =>
        {
            int last = 0;
            for (int call = 0; call < 20; call++)
            {
                last = await counter.AddAsync(1, default);
            }

            return last;
        }));

        Assert.Equal(Enumerable.Range(0, 64).Select(i => (i * 1000) + 20), sums);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task OpenAndForget(LendingPair pair)
    {
        CounterProxy counter = await pair.Open(1);
        await counter.AddAsync(1, default);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task AskAndForget(LendingPair pair) => await pair.Items(3);

    public sealed class InMessagePack() : ObjectTests(RpcCodec.MessagePack);

    public sealed class InJson() : ObjectTests(RpcCodec.Json);
}
