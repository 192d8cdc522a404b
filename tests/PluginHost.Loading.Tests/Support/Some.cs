using System.Text.Json;
using Fixtures.Contracts;
using Fixtures.Growing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts;
using PluginHost.FixturePlugins;

namespace PluginHost.Loading.Tests.Support;

/// <summary>Values that a test does not care about.</summary>
internal static class Some
{
    public static LoadOptions Options(string fixture, params Type[] contracts) => new()
    {
        PluginId = fixture,
        Folder = FixtureFolder.Of(fixture),
        EntryAssembly = $"{fixture}.dll",
        Contracts = contracts,
        Shared = new SharedAssemblies(loaded: [typeof(IEcho).Assembly, typeof(IGrowing).Assembly]),
    };

    public static IPluginContext Context(string settings = "{}") => new FixedContext(JsonElement.Parse(settings));

    private sealed class FixedContext(JsonElement settings) : IPluginContext
    {
        public string PluginId => "some.plugin";

        public int Generation => 1;

        public JsonElement Settings => settings;

        public ILogger Logger => NullLogger.Instance;

        public string DataFolder => Path.GetTempPath();

        public CancellationToken Stopping => CancellationToken.None;

        public TContract GetHostService<TContract>()
            where TContract : class =>
            throw new NotSupportedException("No test here asks for a host service.");
    }
}
