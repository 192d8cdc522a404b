using Microsoft.Extensions.Logging;
using PluginHost.Cli.Output;
using PluginHost.Runtime;

namespace PluginHost.Cli.Commands;

/// <summary>What a command works with. Immutable.</summary>
internal sealed record Session
{
    /// <summary>Where it speaks.</summary>
    public required Screen Screen { get; init; }

    /// <summary>What it works on.</summary>
    public required HostSettings Settings { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Where the engine and the plugins log.</summary>
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>Writes the log, from its beginning, to files of a state folder as well.</summary>
    public required Action<string> KeepLogIn { get; init; }

    /// <summary>The options of a runtime for this command.</summary>
    public PluginRuntimeOptions Options => Settings.ToOptions(Loggers, Clock);

    /// <summary>Says what is being done: to people with the tables, to a program's user beside the document.</summary>
    public void Step(string text)
    {
        if (Screen.IsJson)
        {
            Screen.Notice(text);
        }
        else
        {
            Screen.Line(text);
        }
    }
}
