using PluginHost.Contracts;

namespace Fixtures.Services.Contract;

/// <summary>What a test's application provides to plugins.</summary>
[PluginContract]
public interface IJournal
{
    /// <summary>Notes a text; gives who wrote it, as the application sees it.</summary>
    string Write(string text);

    /// <summary>The same after a suspension.</summary>
    Task<string> WriteLaterAsync(string text, CancellationToken cancellationToken);

    /// <summary>Fails as its argument says: <c>declared</c>, <c>undeclared</c>, <c>later</c>.</summary>
    [Throws<JournalFullException>]
    Task FailAsync(string how, CancellationToken cancellationToken);

    /// <summary>Never ends by itself, and has little time.</summary>
    [CallPolicy(Timeout = "00:00:00.300")]
    Task HangAsync(CancellationToken cancellationToken);

    /// <summary>Never ends by itself, and has time.</summary>
    [CallPolicy(Timeout = "00:01:00")]
    Task WaitAsync(CancellationToken cancellationToken);

    /// <summary>Calls the plugin again, which calls here again, so often.</summary>
    int Dive(int left);
}

/// <summary>A declared error of a host service.</summary>
public sealed class JournalFullException : Exception
{
    /// <summary>Creates one.</summary>
    public JournalFullException(string message, int pages)
        : base(message) => Pages = pages;

    /// <summary>How many pages there are.</summary>
    public int Pages { get; }
}

/// <summary>A contract that no plugin of the tests is granted.</summary>
[PluginContract]
public interface ISecrets
{
    /// <summary>Tells what nobody may know.</summary>
    string Tell();
}
