using PluginHost.Contracts;

namespace Fixtures.Services.Contract;

/// <summary>A plugin that does everything through host services.</summary>
[PluginContract]
public interface IRelay
{
    /// <summary>Asks for a service and tells what came of it: <c>ok</c>, or the exception's type, kind, message and remedy.</summary>
    /// <param name="contract"><c>journal</c>, <c>relay</c> or <c>secrets</c>.</param>
    string Ask(string contract);

    /// <summary>Writes into the journal.</summary>
    string Write(string text);

    /// <summary>Writes into the journal, all suspended.</summary>
    Task<string> WriteLaterAsync(string text, CancellationToken cancellationToken);

    /// <summary>Lets the journal fail and tells what arrived.</summary>
    Task<string> FailAsync(string how, CancellationToken cancellationToken);

    /// <summary>Waits in the journal until it is cancelled.</summary>
    Task WaitAsync(CancellationToken cancellationToken);

    /// <summary>Lets the next plugin write; tells who the next one saw.</summary>
    string Pass(string text);

    /// <summary>The same, all suspended.</summary>
    Task<string> PassLaterAsync(string text, CancellationToken cancellationToken);

    /// <summary>Who called this, as the plugin sees it.</summary>
    string Caller();

    /// <summary>Calls the journal, which calls this, so often.</summary>
    int Dive(int left);

    /// <summary>Calls the next plugin, which calls its next, so often.</summary>
    int Ping(int left);

    /// <summary>Calls a contract by its bare wire name, whatever was granted: tells what came of it.</summary>
    string Force();

    /// <summary>Writes into the journal in each step of a sequence; the steps are run ahead of their reader, too.</summary>
    IAsyncEnumerable<string> WriteEach(int count, CancellationToken cancellationToken);

    /// <summary>Reads <see cref="WriteEach"/> of the next plugin.</summary>
    Task<string> PassEachAsync(int count, CancellationToken cancellationToken);

    /// <summary>Hands out a pen that writes into the journal.</summary>
    IPen TakePen();

    /// <summary>Writes with a pen of the next plugin.</summary>
    string PassPen(string text);

    /// <summary>The same, all suspended.</summary>
    Task<string> PassPenLaterAsync(string text, CancellationToken cancellationToken);

    /// <summary>Keeps on calling after its stop, until that fails; the failure's type goes to a file of this name in the data folder.</summary>
    void CallAfterStop(string file);
}

/// <summary>What a plugin hands out: writes into its journal.</summary>
[PluginContract]
public interface IPen
{
    /// <summary>Writes.</summary>
    string Write(string text);

    /// <summary>Writes, all suspended.</summary>
    Task<string> WriteLaterAsync(string text, CancellationToken cancellationToken);
}
