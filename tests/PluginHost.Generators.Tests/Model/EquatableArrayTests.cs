using PluginHost.Generators.Model;

namespace PluginHost.Generators.Tests.Model;

/// <summary>Equality by items: what the incremental pipeline stands on.</summary>
public sealed class EquatableArrayTests
{
    [Fact]
    public void Arrays_are_equal_where_their_items_are()
    {
        EquatableArray<string> one = new(["a", "b"]);
        EquatableArray<string> same = new(["a", "b"]);

        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(one, new EquatableArray<string>(["b", "a"]));
        Assert.NotEqual(one, new EquatableArray<string>(["a"]));
        Assert.Equal(default, new EquatableArray<string>([]));
        Assert.Empty(default(EquatableArray<string>));
    }
}
