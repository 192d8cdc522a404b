using PluginHost.Contracts;

namespace Fixtures.Leaks.Contract;

/// <summary>Does, on request, one thing that may keep a plugin's context alive.</summary>
[PluginContract]
public interface ILeaks
{
    /// <summary>Does it, and ends at once.</summary>
    /// <param name="kind">Which.</param>
    void Leak(string kind);
}
