using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Leasing;

/// <summary>Sequences as results and as arguments; the same in each codec.</summary>
public abstract class SequenceTests(RpcCodec codec)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(5000)]
    public async Task A_result_gives_every_item_in_order(int count)
    {
        await using LendingPair pair = new(codec);

        List<int> items = await (await pair.Items(count)).ToListAsync();

        Assert.Equal(Enumerable.Range(1, count), items);
        Assert.Equal(0, pair.Far.Leases.Sequences.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(1000)]
    public async Task An_argument_gives_every_item_and_has_ended_when_the_call_has(int count)
    {
        await using LendingPair pair = new(codec);

        int sum = await pair.Sum(Numbers.To(count, default));

        Assert.Equal(count * (count + 1) / 2, sum);
        Assert.Equal(0, pair.Near.Leases.Sequences.Count);
    }

    [Fact]
    public async Task Nothing_runs_before_the_first_item_is_asked_for_and_then_no_further_than_the_credit()
    {
        await using LendingPair pair = new(codec, far: static o => o with { Leases = new LeaseOptions { SequenceReadAhead = 5 } });
        WatchedNumbers watched = new();
        pair.Lending.Items = (_, token) => watched.Endless(token);
        await using IAsyncEnumerator<int> items = (await pair.Items(0)).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        int before = watched.Produced;

        await items.MoveNextAsync();
        await Until.True(() => watched.Produced >= 5);
        for (int call = 0; call < 100; call++)
        {
            // Nothing announces that a generator stands still: one that does not would run on meanwhile.
            await pair.Work(null);
        }

        Assert.Equal(0, before);
        Assert.Equal(1, items.Current);

        // The step took what was ready when it was answered, one item or all five; then as many again were made ready, and one may be in the making.
        Assert.InRange(watched.Produced, 5, 11);
    }

    [Fact]
    public async Task Without_read_ahead_the_generator_is_never_ahead_of_its_consumer()
    {
        await using LendingPair pair = new(codec, far: static o => o with { Leases = new LeaseOptions { SequenceReadAhead = 0 } });
        WatchedNumbers watched = new();
        pair.Lending.Items = (_, token) => watched.Endless(token);
        await using IAsyncEnumerator<int> items = (await pair.Items(0)).GetAsyncEnumerator(TestContext.Current.CancellationToken);

        await items.MoveNextAsync();
        await items.MoveNextAsync();
        await pair.Work(null);

        Assert.Equal(2, watched.Produced);
    }

    [Fact]
    public async Task A_consumer_that_stops_has_the_generator_disposed()
    {
        await using LendingPair pair = new(codec);
        WatchedNumbers watched = new();
        CancellationToken given = default;
        pair.Lending.Items = (_, token) => watched.OneThenWaits(given = token);

        await foreach (int _ in await pair.Items(0))
        {
            break;
        }

        await Until.Ends(watched.Disposed);
        Assert.True(given.IsCancellationRequested);
        Assert.Equal(0, pair.Far.Leases.Sequences.Count);
    }

    [Fact]
    public async Task A_generators_declared_error_keeps_its_type_and_comes_behind_the_items_before_it()
    {
        await using LendingPair pair = new(codec);
        pair.Lending.Items = static (_, token) => TwoThen(new NotFoundException("third"), token);
        List<int> items = [];

        NotFoundException thrown = await Assert.ThrowsAsync<NotFoundException>(async () =>
        {
            await foreach (int item in await pair.Items(0))
            {
                items.Add(item);
            }
        });

        Assert.Equal("third", thrown.Key);
        Assert.Equal([1, 2], items);
        Assert.Equal(0, pair.Far.Leases.Sequences.Count);
    }

    [Fact]
    public async Task A_generators_other_error_is_the_error_of_its_step()
    {
        await using LendingPair pair = new(codec);
        pair.Lending.Items = static (_, token) => TwoThen(new InvalidOperationException("Broken."), token);

        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(async () => await (await pair.Items(0)).ToListAsync());

        Assert.Equal("System.InvalidOperationException", thrown.RemoteType);
        Assert.Equal("Broken.", thrown.RemoteMessage);
    }

    [Fact]
    public async Task An_item_that_cannot_be_written_ends_the_sequence_with_the_reason()
    {
        await using LendingPair pair = new(codec);
        pair.Lending.Texts = static _ => Texts("good", "unwritable", "never");
        IAsyncEnumerable<string> texts = await pair.Call<TextsCall, IAsyncEnumerable<string>>(default);

        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(async () => await texts.ToListAsync());

        Assert.Contains("The getter failed.", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(0, pair.Far.Leases.Sequences.Count);
    }

    [Fact]
    public async Task A_step_before_the_last_one_has_ended_is_the_readers_mistake_and_no_message()
    {
        await using LendingPair pair = new(codec);
        pair.Lending.Items = static (_, token) => TwoThenNothing(token);
        await using IAsyncEnumerator<int> reader = (await pair.Items(0)).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        while (await reader.MoveNextAsync() && reader.Current < 2)
        {
        }

        ValueTask<bool> waiting = reader.MoveNextAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await reader.MoveNextAsync());
        await reader.DisposeAsync();

        await Assert.ThrowsAsync<RpcReleasedException>(async () => await waiting);
    }

    [Fact]
    public async Task A_sequence_is_enumerated_once()
    {
        await using LendingPair pair = new(codec);
        IAsyncEnumerable<int> items = await pair.Items(2);
        await items.ToListAsync();

        InvalidOperationException thrown = await Assert.ThrowsAsync<InvalidOperationException>(async () => await items.ToListAsync());

        Assert.Contains("once", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_step_ends_with_the_consumers_token_and_its_sequence_ends_too()
    {
        await using LendingPair pair = new(codec);
        WatchedNumbers watched = new();
        pair.Lending.Items = (_, token) => watched.OneThenWaits(token);
        using CancellationTokenSource cancelled = new();

        OperationCanceledException thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (int _ in (await pair.Items(0)).WithCancellation(cancelled.Token))
            {
                cancelled.CancelAfter(TimeSpan.FromMilliseconds(1));
            }
        });

        Assert.Equal(cancelled.Token, thrown.CancellationToken);
        await Until.Ends(watched.Disposed);
    }

    [Fact]
    public async Task A_step_has_its_time()
    {
        await using LendingPair pair = new(codec, near: static o => o with { Leases = new LeaseOptions { CallTimeout = TimeSpan.FromMilliseconds(50) } });
        WatchedNumbers watched = new();
        pair.Lending.Items = (_, token) => watched.OneThenWaits(token);

        await Assert.ThrowsAsync<RpcTimeoutException>(async () => await (await pair.Items(0)).ToListAsync());

        await Until.Ends(watched.Disposed);
    }

    [Fact]
    public async Task A_lost_connection_fails_a_step_as_any_call_and_disposes_the_generator()
    {
        await using LendingPair pair = new(codec);
        WatchedNumbers watched = new();
        pair.Lending.Items = (_, token) => watched.OneThenWaits(token);
        await using IAsyncEnumerator<int> items = (await pair.Items(0)).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await items.MoveNextAsync();

        Task<bool> step = items.MoveNextAsync().AsTask();
        await pair.Far.DisposeAsync();

        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(step));
        await Until.Ends(watched.Disposed);
    }

    [Fact]
    public async Task An_argument_that_its_callee_does_not_read_to_the_end_is_disposed_with_the_answer()
    {
        await using LendingPair pair = new(codec);
        WatchedNumbers watched = new();
        IAsyncEnumerator<int>? kept = null;
        pair.Lending.Sum = async (items, token) =>
        {
            kept = items.GetAsyncEnumerator(token);
            await kept.MoveNextAsync();
            return kept.Current;
        };

        int first = await pair.Sum(watched.Endless(default));

        Assert.Equal(1, first);
        await Until.Ends(watched.Disposed);
        Assert.Equal(0, pair.Near.Leases.Sequences.Count);
        await Assert.ThrowsAsync<RpcReleasedException>(async () =>
        {
            while (await kept!.MoveNextAsync())
            {
            }
        });
    }

    [Fact]
    public async Task An_argument_of_a_call_that_fails_is_disposed()
    {
        await using LendingPair pair = new(codec);
        WatchedNumbers watched = new();
        pair.Lending.Sum = static async (items, token) =>
        {
            await foreach (int _ in items.WithCancellation(token))
            {
                throw new NotFoundException("enough");
            }

            return 0;
        };

        await Assert.ThrowsAsync<NotFoundException>(() => pair.Sum(watched.Endless(default)));

        await Until.Ends(watched.Disposed);
    }

    [Fact]
    public async Task An_argument_of_a_call_that_is_cancelled_is_disposed()
    {
        await using LendingPair pair = new(codec);
        WatchedNumbers watched = new();
        using CancellationTokenSource cancelled = new();

        Task<int> call = pair.Sum(watched.OneThenWaits(default), cancelled.Token);
        await Until.True(() => watched.Produced == 1);
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.Ends(call));
        await Until.Ends(watched.Disposed);
    }

    [Fact]
    public async Task Items_that_are_there_come_with_the_sequence_and_a_whole_one_needs_no_token()
    {
        await using LendingPair pair = new(codec, far: static o => o with { Leases = new LeaseOptions { SequencePrefetch = 40 } });
        pair.Lending.Items = static (count, _) => Enumerable.Range(1, count).ToAsyncEnumerable();

        IAsyncEnumerable<int> whole = await pair.Items(20);
        int alive = pair.Far.Leases.Sequences.Count;
        IAsyncEnumerable<int> partial = await pair.Items(100);

        Assert.Equal(0, alive);
        Assert.Equal(Enumerable.Range(1, 20), await whole.ToListAsync());
        Assert.Equal(Enumerable.Range(1, 100), await partial.ToListAsync());
    }

    [Fact]
    public async Task A_batch_is_bounded_in_bytes()
    {
        string big = new('x', 600);
        await using LendingPair pair = new(
            codec,
            near: static o => o with { MaxMessageBytes = 4096 },
            far: static o => o with { MaxMessageBytes = 4096, Leases = new LeaseOptions { SequenceBatchBytes = 1500, SequenceReadAhead = 1000 } });
        pair.Lending.Texts = _ => Texts([.. Enumerable.Repeat(big, 200)]);

        List<string> texts = await (await pair.Call<TextsCall, IAsyncEnumerable<string>>(default)).ToListAsync();

        Assert.Equal(200, texts.Count);
    }

    [Fact]
    public async Task More_sequences_than_may_be_open_fail_the_call_that_brings_one_more()
    {
        await using LendingPair pair = new(codec, far: static o => o with { Leases = new LeaseOptions { MaxTokens = 2 } });
        List<IAsyncEnumerable<int>> open = [await pair.Items(1), await pair.Items(1)];

        RpcErrorException refused = await Assert.ThrowsAsync<RpcErrorException>(() => pair.Items(1));
        await open[0].ToListAsync();

        Assert.Contains("2 sequences are open", refused.Message, StringComparison.Ordinal);
        Assert.Single(await (await pair.Items(1)).ToListAsync());
    }

    private static async IAsyncEnumerable<int> TwoThen(Exception thrown, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return 1;
        await Task.Yield();
        yield return 2;
        cancellationToken.ThrowIfCancellationRequested();
        throw thrown;
    }

    private static async IAsyncEnumerable<int> TwoThenNothing([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return 1;
        yield return 2;
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
    }

    private static async IAsyncEnumerable<string> Texts(params string[] texts)
    {
        foreach (string text in texts)
        {
            yield return text;
            await Task.Yield();
        }
    }

    public sealed class InMessagePack() : SequenceTests(RpcCodec.MessagePack);

    public sealed class InJson() : SequenceTests(RpcCodec.Json);
}
