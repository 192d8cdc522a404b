using System.Diagnostics;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Trace context on requests and notifications. One at a time: a listener hears all of the process.</summary>
[Collection(nameof(TraceContextTests))]
public sealed class TraceContextTests
{
    private const string Parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-71f6de61b6ef6e78-01";
    private const string State = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";

    [Fact]
    public async Task Without_an_activity_a_message_has_no_trace()
    {
        await using RawPeer peer = new();

        peer.Connection.Notify(new TellCall(1));

        Assert.Equal("""{"jsonrpc":"2.0","method":"Probe.Tell","params":[1]}""", await peer.ReceiveAsync());
    }

    [Fact]
    public async Task An_activity_goes_out_behind_the_arguments_of_requests_and_notifications()
    {
        await using RawPeer peer = new();
        using Activity activity = Begin(State);

        peer.Connection.Notify(new TellCall(1));
        _ = peer.Connection.CallAsync<AddCall, int>(new AddCall(1, 2), LendingPair.Patience, default).AsTask();

        string members = $"\"traceparent\":\"{activity.Id}\",\"tracestate\":\"{State}\"";
        Assert.Equal("""{"jsonrpc":"2.0","method":"Probe.Tell","params":[1],""" + members + "}", await peer.ReceiveAsync());
        Assert.Equal("""{"jsonrpc":"2.0","id":65536,"method":"Probe.Add","params":[1,2],""" + members + "}", await peer.ReceiveAsync());
    }

    [Fact]
    public async Task In_MessagePack_it_is_two_binary_ids_and_a_flat_array()
    {
        await using RawPeer peer = new(static o => o with { Codec = RpcCodec.MessagePack });
        using Activity activity = Begin("a=1,b=2");

        peer.Connection.Notify(new TellCall(1));

        string expected = "85a76a736f6e727063a3322e30a66d6574686f64aa50726f62652e54656c6ca6706172616d739101"
            + "ab7472616365706172656e749200" + "93c410" + activity.TraceId.ToHexString() + "c408" + activity.SpanId.ToHexString() + "01"
            + "aa7472616365737461746594a161a131a162a132";
        Assert.Equal(expected, await peer.ReceiveHexAsync());
    }

    [Fact]
    public async Task A_state_beyond_512_characters_stays_here()
    {
        await using RawPeer peer = new();
        using Activity activity = Begin("a=" + new string('x', 600));

        peer.Connection.Notify(new TellCall(1));

        Assert.DoesNotContain("tracestate", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RpcCodec.Json, true)]
    [InlineData(RpcCodec.Json, false)]
    [InlineData(RpcCodec.MessagePack, true)]
    [InlineData(RpcCodec.MessagePack, false)]
    public async Task A_handlers_activity_is_the_child_of_a_trusted_peers_and_only_linked_to_anothers(RpcCodec codec, bool isTrusted)
    {
        using Heard heard = new();
        await using LendingPair pair = new(codec, far: o => o with { TrustsPeerTrace = isTrusted });
        Activity? inside = null;
        pair.Lending.Work = async (_, _) =>
        {
            await Task.Yield();
            inside = Activity.Current;
            return 0;
        };
        using Activity activity = Begin(State);

        await pair.Work(null);

        Activity handler = await heard.Stopped("Lending.Work");
        Assert.Same(handler, inside);
        Assert.Equal(ActivityKind.Server, handler.Kind);
        if (isTrusted)
        {
            Assert.Equal(activity.Id, handler.ParentId);
            Assert.Equal(State, handler.TraceStateString);
            Assert.Empty(handler.Links);
        }
        else
        {
            Assert.NotEqual(activity.TraceId, handler.TraceId);
            Assert.Equal(activity.SpanId, Assert.Single(handler.Links).Context.SpanId);
        }
    }

    [Theory]
    [InlineData("\"traceparent\":7")]
    [InlineData("\"traceparent\":{}")]
    [InlineData("\"traceparent\":\"00-zz\"")]
    [InlineData("\"traceparent\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-71f6de61b6ef6e78\"")]
    [InlineData("\"tracestate\":\"a=1\"")]
    public async Task What_is_malformed_is_as_good_as_absent(string member)
    {
        using Heard heard = new();
        await using RawPeer peer = new(static o => o with { TrustsPeerTrace = true }, new LendingDispatcher());

        peer.Send("""{"jsonrpc":"2.0",""" + member + ""","id":1,"method":"Lending.Work","params":[null]}""");

        Assert.StartsWith("""{"jsonrpc":"2.0","id":1,"result":0""", await peer.ReceiveAsync(), StringComparison.Ordinal);
        Activity handler = await heard.Stopped("Lending.Work");
        Assert.Null(handler.ParentId);
        Assert.Empty(handler.Links);
    }

    [Fact]
    public async Task A_peers_state_beyond_512_characters_is_dropped_and_its_parent_kept()
    {
        using Heard heard = new();
        await using RawPeer peer = new(static o => o with { TrustsPeerTrace = true }, new LendingDispatcher());

        peer.Send($$"""{"jsonrpc":"2.0","id":1,"method":"Lending.Work","params":[null],"traceparent":"{{Parent}}","tracestate":"a={{new string('x', 600)}}"}""");
        await peer.ReceiveAsync();

        Activity handler = await heard.Stopped("Lending.Work");
        Assert.Equal(Parent, handler.ParentId);
        Assert.Null(handler.TraceStateString);
    }

    [Fact]
    public async Task Where_nobody_listens_a_handler_has_no_activity()
    {
        await using LendingPair pair = new(RpcCodec.Json, far: static o => o with { TrustsPeerTrace = true });
        Activity? inside = null;
        pair.Lending.Work = (_, _) =>
        {
            inside = Activity.Current;
            return Task.FromResult(0);
        };
        using Activity activity = Begin(State);

        await pair.Work(null);

        Assert.Null(inside);
    }

    private static Activity Begin(string state)
    {
        Activity activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C);
        activity.TraceStateString = state;
        activity.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        return activity.Start();
    }

    /// <summary>Listens to the handlers of this process.</summary>
    private sealed class Heard : IDisposable
    {
        private readonly ActivityListener _listener;
        private readonly List<Activity> _stopped = [];

        public Heard()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = static source => source.Name == "PluginHost.Rpc",
                Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = Take,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public async Task<Activity> Stopped(string name)
        {
            Activity? found = null;
            await Until.True(() => (found = Find(name)) is not null);
            return found!;
        }

        public void Dispose() => _listener.Dispose();

        private Activity? Find(string name)
        {
            lock (_stopped)
            {
                return _stopped.Find(activity => activity.OperationName == name);
            }
        }

        private void Take(Activity activity)
        {
            lock (_stopped)
            {
                _stopped.Add(activity);
            }
        }
    }
}

/// <summary>Runs the trace tests beside no other: their listener would hear other tests' calls.</summary>
[CollectionDefinition(nameof(TraceContextTests), DisableParallelization = true)]
public sealed class TraceContextCollection;
