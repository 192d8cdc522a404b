using PluginHost.DumpReader.Memory;
using PluginHost.DumpReader.Naming;

namespace PluginHost.Holders.Tests.Reader;

/// <summary>What the matrix has no row for.</summary>
public sealed class HolderNamesTests
{
    [Fact]
    public void A_timers_callback_that_does_not_come_back_is_told_as_one()
    {
        Holder holder = HolderNames.Of(new RunningThread(0, "thread 7", ThreadSort.Timer, "A.B.OnTick", "System.Net.Dns.Resolve"));

        Assert.Equal("A timer's callback (thread 7) is in A.B.OnTick, inside System.Net.Dns.Resolve, and has not come back. Let it end when IPluginContext.Stopping is cancelled. [thread 7 -> A.B.OnTick]", holder.Text);
    }

    [Fact]
    public void A_finalizer_that_does_not_end_is_told_as_one()
    {
        Holder holder = HolderNames.Of(new RunningThread(0, "thread 7", ThreadSort.Finalizer, "A.B.Finalize", ""));

        Assert.StartsWith("The finalizer A.B.Finalize does not end: no finalizer of the process runs any more.", holder.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(nameof(RootKind.Static), "System.Threading.ThreadPoolWorkQueue.s_any", "An item that waits in the thread pool's queue calls A.B.Work.")]
    [InlineData(nameof(RootKind.Static), "App.Jobs.s_all", "An object that a static field of the application (App.Jobs.s_all) leads to calls back A.B.Work.")]
    [InlineData(nameof(RootKind.Stack), "App.Program.Main", "A local variable or argument of App.Program.Main, which runs, holds A.B.Work.")]
    [InlineData(nameof(RootKind.Handle), "", "A field of the application (App.Job.Done) leads to A.B.Work.")]
    public void Whatever_holds_a_callback_has_a_sentence(string kind, string name, string expected)
    {
        Chain chain = new(new Root(Enum.Parse<RootKind>(kind), name), [new Step("App.Job", "Done"), new Step("System.Action", "_target")], new PluginEnd(EndKind.Method, "A.B.Work"));

        Assert.StartsWith(expected, HolderNames.Of(chain).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_timer_that_is_found_over_another_one_is_still_a_timer()
    {
        // Live timers hang on each other, and the shortest way may come in by one that somebody else waits for.
        Chain chain = new(
            new Root(RootKind.Stack, "App.Program.Main"),
            [
                new Step("System.Threading.Tasks.Task.CancellationPromise<System.Boolean>", "_timer"),
                new Step("System.Threading.TimerQueueTimer", "_next"),
                new Step("System.Threading.TimerQueueTimer", "_timerCallback"),
                new Step("System.Threading.TimerCallback", "_target"),
            ],
            new PluginEnd(EndKind.Method, "A.B.OnTick"));

        Assert.StartsWith("A timer that was not disposed calls A.B.OnTick.", HolderNames.Of(chain).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("System.Threading.TimerQueueTimer")]
    [InlineData("System.Threading.CancellationTokenSource.CallbackNode")]
    [InlineData("System.Threading.ExecutionContext")]
    [InlineData("Microsoft.Extensions.DependencyInjection.ServiceProvider")]
    public void What_an_object_of_the_application_holds_is_its_own_whoever_holds_that(string holder)
    {
        Chain chain = new(
            new Root(RootKind.Static, "System.Threading.TimerQueue.Instances"),
            [new Step(holder, "_it"), new Step("App.Registry", "_all"), new Step("System.Collections.Generic.List<System.Object>", "_items")],
            new PluginEnd(EndKind.Object, "A.B"));

        Assert.StartsWith("A field of the application (App.Registry._all) leads to an object of A.B.", HolderNames.Of(chain).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_local_variable_is_told_only_where_nothing_else_is_known()
    {
        Holder local = HolderNames.Of(new Chain(new Root(RootKind.Stack, "App.Program.Main"), [], new PluginEnd(EndKind.Object, "A.B")));
        Holder handle = HolderNames.Of(new Chain(new Root(RootKind.Handle, ""), [], new PluginEnd(EndKind.Object, "A.B")));

        Assert.Equal([handle], HolderNames.Select([], [local, handle]));
        Assert.Equal([local], HolderNames.Select([], [local]));
    }

    [Fact]
    public void One_holder_that_was_found_twice_is_told_once()
    {
        Holder handle = HolderNames.Of(new Chain(new Root(RootKind.Handle, ""), [], new PluginEnd(EndKind.Object, "A.B")));

        Assert.Single(HolderNames.Select([handle], [handle with { Way = "another" }]));
    }

    [Fact]
    public void A_way_of_many_steps_keeps_its_beginning_and_its_end()
    {
        Step[] steps = [.. Enumerable.Range(0, 20).Select(i => new Step($"App.S{i}", "f"))];

        string way = WayText.Of(new Chain(new Root(RootKind.Static, "App.Root.s_it"), steps, new PluginEnd(EndKind.Object, "A.B")));

        Assert.Equal("static App.Root.s_it -> S0.f -> S1.f -> S2.f -> S3.f -> ... -> S17.f -> S18.f -> S19.f -> A.B", way);
    }

    [Fact]
    public void A_line_never_has_more_than_a_thousand_letters()
    {
        Holder holder = new("other", new string('a', 2_000), "Do it.", "way");

        Assert.Equal(1_000, holder.Text.Length);
    }
}
