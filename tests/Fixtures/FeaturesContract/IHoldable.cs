using PluginHost.Contracts;

namespace Fixtures.Features.Contract;

/// <summary>Gives the application what it may hold for longer than the plugin lives, each made of the plugin's own classes.</summary>
[PluginContract]
public interface IHoldable
{
    /// <summary>A task of the plugin's own state machine.</summary>
    Task<string> LaterAsync(string text, CancellationToken cancellationToken);

    /// <summary>A task that was complete when it was given.</summary>
    Task<string> AtOnceAsync(string text);

    /// <summary>A list of the plugin's own class.</summary>
    IReadOnlyList<string> List(int count);

    /// <summary>A dictionary of the plugin's own class, in a task.</summary>
    Task<IReadOnlyDictionary<string, int>> MapAsync(int count);

    /// <summary>Calls the keeper with a progress and a token that lead to the plugin.</summary>
    Task GiveAsync(IKeeper keeper, CancellationToken cancellationToken);

    /// <summary>Registers on the call's token, in every way that code does, and leaves all of it registered.</summary>
    Task RegisterAsync(CancellationToken cancellationToken);

    /// <summary>Keeps the call's token.</summary>
    Task KeepTokenAsync(CancellationToken cancellationToken);

    /// <summary>Registers on the token that was kept, whose call has ended.</summary>
    void RegisterOnKept();

    /// <summary>Throws an exception of the plugin's own class, with another inside.</summary>
    Task ThrowAsync();
}

/// <summary>The application's: keeps what it is given.</summary>
[PluginContract]
public interface IKeeper
{
    /// <summary>Takes a progress and a token.</summary>
    Task KeepAsync(IProgress<int> progress, CancellationToken cancellationToken);
}
