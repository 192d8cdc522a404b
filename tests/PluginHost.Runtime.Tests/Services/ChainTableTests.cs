using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Services;

namespace PluginHost.Runtime.Tests.Services;

public sealed class ChainTableTests
{
    private readonly ChainTable _table = new("the.callee");

    [Fact]
    public void One_chain_has_one_number_and_another_chain_another()
    {
        PluginCaller caller = new("a", TrustLevel.Full);

        string first = _table.TextOf(caller.Then("b", TrustLevel.Standard));

        Assert.Equal("1;1;a,b", first);
        Assert.Equal(first, _table.TextOf(new PluginCaller("a", TrustLevel.Standard).Then("b", TrustLevel.Full)));
        Assert.Equal("2;2;a", _table.TextOf(caller));
    }

    [Fact]
    public void A_callback_that_names_its_number_has_the_chain_until_it_ends()
    {
        _table.TextOf(new PluginCaller("a", TrustLevel.Standard));

        _table.Enter("1");
        PluginCaller? during = PluginCaller.Current;
        _table.Leave();

        Assert.Equal(("a", TrustLevel.Standard), (during!.Id, during.Trust));
        Assert.Null(PluginCaller.Current);
    }

    [Theory]
    [InlineData("2")]
    [InlineData("")]
    [InlineData("1;2;a")]
    public void A_number_that_was_never_given_to_the_plugin_is_refused(string chain)
    {
        _table.TextOf(new PluginCaller("a", TrustLevel.Standard));

        PluginRefusedException refused = Assert.Throws<PluginRefusedException>(() => _table.Enter(chain));

        Assert.Contains("the.callee", refused.Message, StringComparison.Ordinal);
        Assert.Null(PluginCaller.Current);
    }

    [Fact]
    public void More_chains_than_are_kept_are_refused()
    {
        for (int i = 0; i < 4096; i++)
        {
            _table.TextOf(new PluginCaller($"p{i}", TrustLevel.Full));
        }

        PluginRefusedException refused = Assert.Throws<PluginRefusedException>(() => _table.TextOf(new PluginCaller("one.more", TrustLevel.Full)));

        Assert.Equal(FaultKind.LimitExceeded, refused.Kind);
        Assert.StartsWith("1;", _table.TextOf(new PluginCaller("p0", TrustLevel.Full)), StringComparison.Ordinal);
    }
}
