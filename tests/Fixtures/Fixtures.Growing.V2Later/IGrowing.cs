using PluginHost.Contracts;

namespace Fixtures.Growing;

/// <summary>Release 1.1.1 of a contract that grows as it should: by a body and by an interface. Its assembly has the version of release 1.1.</summary>
[PluginContract]
public interface IGrowing : IGrowingBase
{
    /// <summary>Gives "First".</summary>
    string First(int times);

    /// <summary>Gives "Second".</summary>
    string Second(int times);

    /// <summary>Gives "Third", by way of what every plugin has.</summary>
    string Third(int times) => First(times).Replace("First", "Third", StringComparison.Ordinal);

    string IGrowingBase.Zero() => "Zero";
}

/// <summary>What came below the contract with release 1.1.1; the contract gives its member a body.</summary>
public interface IGrowingBase
{
    /// <summary>Gives "Zero".</summary>
    string Zero();
}

/// <summary>What came with release 1.1.1.</summary>
[PluginContract]
public interface IGrowingMore
{
    /// <summary>Gives what it is given.</summary>
    Growth Fourth(Growth growth);
}

/// <summary>Data that came with release 1.1.1.</summary>
/// <param name="Size">How large.</param>
public sealed record Growth(int Size);
