using PluginHost.Contracts;

namespace Fixtures.Features.Plugin;

/// <content>Its health: what its settings say.</content>
public sealed partial class FeaturesPlugin(IPluginContext context)
{
    [HealthCheck]
    public async ValueTask<bool> IsWellAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        switch (context.Settings.TryGetProperty("health", out System.Text.Json.JsonElement health) ? health.GetString() : null)
        {
            case "ill":
                return false;
            case "throws":
                throw new InvalidOperationException("The paper is out.");
            case "silent":
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                return true;
            default:
                return true;
        }
    }
}
