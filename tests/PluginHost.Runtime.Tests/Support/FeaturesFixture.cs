using Fixtures.Features.Contract;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>One host with the fixture that uses every feature of contracts, for all tests of a class.</summary>
public abstract class FeaturesFixture : IAsyncLifetime
{
    private readonly Func<Task<SampleHost>> _start;
    private SampleHost? _host;

    private protected FeaturesFixture(Func<Task<SampleHost>> start) => _start = start;

    internal IFeatures Features => _host!.Runtime.Get<IFeatures>(SampleHost.Features);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _host = await _start();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}
