using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Runtime.Store;
using PluginHost.Runtime.Tests.Support;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests;

public sealed class StoreUseTests : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly StateFolder _state;
    private readonly PluginStore _store;
    private readonly HashSet<string> _running = [];
    private readonly StoreUse _use;

    public StoreUseTests()
    {
        _state = StateFolder.Open(_temp["state"]);
        _store = new PluginStore(_state, NullLogger<PluginStore>.Instance);
        _use = new StoreUse(_store, () => _running, NullLogger.Instance);
    }

    public void Dispose()
    {
        _state.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public void What_is_prepared_stays_until_it_is_taken_or_given_up()
    {
        using StoreUse.StoreHold other = _use.Hold();
        string held = other.Keep(() => Lay("one"))!.ContentHash!;
        string taken;
        string givenUp;
        using (StoreUse.StoreHold hold = _use.Hold())
        {
            taken = hold.Keep(() => Lay("two"))!.ContentHash!;
            givenUp = hold.Keep(() => Lay("three"))!.ContentHash!;
            _use.Collect();
            Assert.Equal(new[] { held, taken, givenUp }.Order(), Copies());
            _running.Add(taken);
        }

        Assert.Equal(new[] { held, taken }.Order(), Copies());
    }

    [Fact]
    public void Two_that_hold_one_content_let_go_of_it_one_by_one()
    {
        StoreUse.StoreHold first = _use.Hold();
        StoreUse.StoreHold second = _use.Hold();
        string hash = first.Keep(() => Lay("one"))!.ContentHash!;
        second.Keep(() => Lay("one"));

        first.Dispose();
        string[] between = Copies();
        second.Dispose();

        Assert.Equal([hash], between);
        Assert.Empty(Copies());
    }

    [Fact]
    public void Behind_the_end_nothing_is_removed_or_prepared()
    {
        StoreUse.StoreHold hold = _use.Hold();
        hold.Keep(() => Lay("one"));

        _use.Close();
        hold.Dispose();

        Assert.Single(Copies());
        Assert.Throws<ObjectDisposedException>(() => _use.Hold().Keep(() => Lay("two")));
    }

    private SupervisedPlugin Lay(string content)
    {
        string folder = _temp.Folder("plugin");
        _temp.Write("plugin/P.dll", content);
        _temp.Write("plugin/plugin.json", """
            { "id": "my.plugin", "version": "1.0.0", "name": "P", "entry": "P.dll", "contracts": ["A.IB@1"], "trust": "standard" }
            """);
        StoreResult laid = _store.LayAgain(folder);
        Assert.Empty(laid.Problems);
        return Any.Plugin() with { ContentHash = laid.Plugin!.ContentHash };
    }

    private string[] Copies() => [.. Directory.GetDirectories(_state.Store).Select(Path.GetFileName).Where(n => n!.Length == 64).Order()!];
}
