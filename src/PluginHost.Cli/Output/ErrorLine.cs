using System.Text.Json.Serialization;
using PluginHost.Contracts.Faults;

namespace PluginHost.Cli.Output;

/// <summary>Why a command did not do what it was asked to: the <c>error</c> of a JSON document.</summary>
internal sealed record ErrorLine
{
    /// <summary>The fault's kind, or <c>usage</c>, <c>state</c>, <c>bench</c>, <c>cancelled</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>What happened and what to do.</summary>
    public required string Message { get; init; }

    /// <summary>The plugin, where one is concerned.</summary>
    public string? Plugin { get; init; }

    /// <summary>The method, where a call is concerned.</summary>
    public string? Method { get; init; }

    /// <summary>Where the plugin ran.</summary>
    public PluginTier? Tier { get; init; }

    /// <summary>The generation that the call met.</summary>
    public int? Generation { get; init; }

    /// <summary>The worker's exit code.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the worker.</summary>
    public string? Signal { get; init; }

    /// <summary>The last lines of the worker's standard error.</summary>
    public string? StderrTail { get; init; }

    /// <summary>The id of the incident's record, as <c>faults</c> shows it.</summary>
    public string? FaultId { get; init; }

    /// <summary>The exception's type on the plugin's side.</summary>
    public string? RemoteType { get; init; }

    /// <summary>The stack on the plugin's side.</summary>
    public string? RemoteStack { get; init; }

    /// <summary>Whether the same call may succeed later.</summary>
    public bool? Retryable { get; init; }

    /// <summary>What a person does about it.</summary>
    public string? Remedy { get; init; }

    /// <summary>What the tool's process ends with.</summary>
    [JsonIgnore]
    public int ExitCodeOfTool { get; init; } = Output.ExitCode.Failed;

    /// <summary>What a failed call tells.</summary>
    public static ErrorLine Of(PluginException thrown) => new()
    {
        Kind = Words.Of(thrown.Kind),
        Message = thrown.Message,
        Plugin = thrown.PluginId,
        Method = thrown.Fault.Method,
        Tier = thrown.Fault.Tier,
        Generation = thrown.Generation,
        ExitCode = thrown.Cause.ExitCode,
        Signal = thrown.Cause.Signal,
        StderrTail = thrown.Cause.StderrTail,
        FaultId = thrown.FaultId,
        RemoteType = thrown.Fault.RemoteType,
        RemoteStack = thrown.Fault.RemoteStack,
        Retryable = thrown.IsRetryable,
        Remedy = thrown.Remedy,
        ExitCodeOfTool = thrown switch
        {
            PluginRefusedException or ContractMismatchException => Output.ExitCode.Refused,
            PluginUnavailableException => Output.ExitCode.Unavailable,
            _ => Output.ExitCode.Failed,
        },
    };

    /// <summary>What a declared error tells: part of the contract, but not a result either.</summary>
    public static ErrorLine Declared(string plugin, string method, Exception thrown) => new()
    {
        Kind = "error",
        Message = thrown.Message,
        Plugin = plugin,
        Method = method,
        RemoteType = thrown.GetType().FullName,
        Retryable = false,
        Remedy = "The contract declares this error: call with other arguments.",
    };
}

/// <summary>A JSON document that holds nothing but an error.</summary>
/// <param name="Error">The error.</param>
internal sealed record ErrorDocument(ErrorLine Error);
