using Microsoft.Extensions.Logging;

namespace PluginHost.TestKit.Tests;

public sealed class ListLoggerTests
{
    [Fact]
    public void An_event_keeps_its_category_template_properties_and_scopes()
    {
        using ListLogger log = new();
        ILogger logger = log.CreateLogger("Tests");

        using (logger.BeginScope(new Dictionary<string, object?> { ["PluginId"] = "p" }))
        {
            logger.LogWarning("Took {Milliseconds} ms", 5);
        }

        LoggedEvent logged = Assert.Single(log.Events);
        Assert.Equal(("Tests", LogLevel.Warning, "Took 5 ms", "Took {Milliseconds} ms"), (logged.Category, logged.Level, logged.Message, logged.Template));
        Assert.Equal(5, logged.Properties["Milliseconds"]);
        Assert.Equal("p", logged.Properties["PluginId"]);
    }
}
