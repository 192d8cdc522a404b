using PluginHost.DumpReader.Memory;

namespace PluginHost.Holders.Tests.Reader;

public sealed class SourceNamesTests
{
    [Theory]
    [InlineData("Samples.Notes.Cache", "Samples.Notes.Cache")]
    [InlineData("Samples.Notes.Cache+Entry", "Samples.Notes.Cache.Entry")]
    [InlineData("Samples.Notes.Cache+<>c", "Samples.Notes.Cache")]
    [InlineData("Samples.Notes.Cache+<>c__DisplayClass4_0", "Samples.Notes.Cache")]
    [InlineData("Samples.Notes.Cache+<LoopAsync>d__4", "Samples.Notes.Cache.LoopAsync")]
    [InlineData("System.Collections.Generic.List<Samples.Notes.Cache+Entry>", "System.Collections.Generic.List<Samples.Notes.Cache.Entry>")]
    public void A_type_is_named_as_it_was_written(string type, string written)
    {
        Assert.Equal(written, SourceNames.OfType(type));
    }

    [Theory]
    [InlineData("Samples.Notes.Cache", "OnExit", "Samples.Notes.Cache.OnExit")]
    [InlineData("Samples.Notes.Cache+<>c", "<Start>b__3_0", "a lambda in Samples.Notes.Cache.Start")]
    [InlineData("Samples.Notes.Cache+<>c__DisplayClass3_0", "<Start>b__1", "a lambda in Samples.Notes.Cache.Start")]
    [InlineData("Samples.Notes.Cache", "<Start>g__Later|3_0", "Samples.Notes.Cache.Start.Later")]
    [InlineData("Samples.Notes.Cache+<LoopAsync>d__4", "MoveNext", "Samples.Notes.Cache.LoopAsync")]
    [InlineData("Samples.Notes.Rows", "MoveNext", "Samples.Notes.Rows.MoveNext")]
    public void A_method_is_named_as_it_was_written(string type, string method, string written)
    {
        Assert.Equal(written, SourceNames.OfMethod(type, method));
    }

    [Theory]
    [InlineData("System.Runtime.CompilerServices.AsyncTaskMethodBuilder<System.Threading.Tasks.VoidTaskResult>+AsyncStateMachineBox<Samples.Notes.Cache+<LoopAsync>d__4>", "Samples.Notes.Cache.LoopAsync")]
    [InlineData("System.Runtime.CompilerServices.AsyncTaskMethodBuilder<System.Boolean>+AsyncStateMachineBox<System.Threading.SemaphoreSlim+<WaitUntilCountOrTimeoutAsync>d__33>", null)]
    [InlineData("Samples.Notes.Cache", null)]
    public void The_state_of_an_async_method_is_known_by_its_type(string type, string? written)
    {
        Assert.Equal(written, SourceNames.AsyncMethod(type));
    }
}
