using Microsoft.Extensions.Logging;
using PluginHost.Contracts;

namespace PluginHost.Worker;

/// <summary>
/// What a worker loads that was started before anybody knew its plugin: nothing of it is kept but what the runtime now has in memory. Found by its
/// mark, as every plugin is.
/// </summary>
[Plugin]
internal sealed class RehearsalPlugin
{
    public RehearsalPlugin(IPluginContext context)
    {
        // What plugins do first of all.
        _ = context.Settings.ValueKind;
        _ = context.Logger.IsEnabled(LogLevel.Information);
    }
}
