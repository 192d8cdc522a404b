using PluginHost.Contracts;

namespace Fixtures.Contracts;

/// <summary>A contract with every kind of method that a guard treats differently.</summary>
[PluginContract]
public interface IEcho
{
    /// <summary>Gives the text back.</summary>
    string Echo(string text);

    /// <summary>Adds.</summary>
    int Add(int left, int right);

    /// <summary>Gives the text back after a suspension.</summary>
    Task<string> EchoLaterAsync(string text, CancellationToken cancellationToken);

    /// <summary>Ends when it is told to by the token, and not before.</summary>
    Task WaitAsync(CancellationToken cancellationToken);

    /// <summary>Throws an exception of the plugin's own.</summary>
    void Throw(string message);
}
