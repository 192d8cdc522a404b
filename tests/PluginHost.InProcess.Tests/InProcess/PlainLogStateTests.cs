using PluginHost.Runtime.InProcess;

namespace PluginHost.InProcess.Tests.InProcess;

public sealed class PlainLogStateTests
{
    [Fact]
    public void Primitives_stay_and_everything_else_becomes_text()
    {
        KeyValuePair<string, object?>[] state =
        [
            new("number", 1.5m), new("text", "t"), new("nothing", null), new("day", DayOfWeek.Friday), new("many", new object[] { 1, "two" }), new("object", new Uri("http://a/")),
        ];

        PlainLogState plain = PlainLogState.Of(state, "message", []);

        Assert.Equal([1.5m, "t", null, "Friday", "1, two", "http://a/"], plain.Select(p => p.Value));
        Assert.Equal("message", plain.ToString());
    }

    [Fact]
    public void A_plugin_cannot_pass_for_another()
    {
        PlainLogState plain = PlainLogState.Of(new KeyValuePair<string, object?>[] { new("PluginId", "somebody.else") }, "", [new("PluginId", "mine")]);

        Assert.Equal("mine", Assert.Single(plain).Value);
    }
}
