using System.Text.Json;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts;
using PluginHost.Loading;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.InProcess;

/// <summary>What an in-process plugin gets of the host. Made of host-owned objects, and taken back when the plugin is gone. Thread-safe.</summary>
internal sealed class PluginContext : IPluginContext, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly StartRequest _request;
    private readonly PluginLogger _logger;
    private volatile bool _isRevoked;

    public PluginContext(StartRequest request)
    {
        _request = request;
        _logger = new PluginLogger(request.Logger, request.Manifest.Id, request.Generation);
    }

    /// <inheritdoc/>
    public string PluginId => Live._request.Manifest.Id;

    /// <inheritdoc/>
    public int Generation => Live._request.Generation;

    /// <inheritdoc/>
    public JsonElement Settings => Live._request.Settings;

    /// <inheritdoc/>
    public ILogger Logger => Live._logger;

    /// <inheritdoc/>
    public string DataFolder => Live._request.DataFolder;

    /// <inheritdoc/>
    public CancellationToken Stopping => Live._stopping.Token;

    /// <inheritdoc/>
    public TContract GetHostService<TContract>()
        where TContract : class =>
        (TContract)Live._request.Services.Get(typeof(TContract));

    private PluginContext Live
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isRevoked, this);
            return this;
        }
    }

    /// <summary>Cancels the plugin's token; its callbacks run on a thread of their own.</summary>
    /// <returns>What the callbacks threw.</returns>
    public async Task<IReadOnlyList<ThrownException>> CancelAsync()
    {
        List<ThrownException> faults = [];
        await PluginCode.RunAsync(() =>
        {
            try
            {
                _stopping.Cancel();
            }
            catch (AggregateException several)
            {
                faults.AddRange(several.Flatten().InnerExceptions.Select(e => ThrownException.Read(e, cancellationRequested: true)));
            }

            return Task.CompletedTask;
        }, _request.Stages.Stop).ConfigureAwait(false);
        return faults;
    }

    /// <summary>Takes everything back. The token stays cancelled; its registrations are dropped.</summary>
    public void Dispose()
    {
        _isRevoked = true;
        _logger.Revoke();
        _request.Services.Revoke();
        _stopping.Dispose();
    }
}
