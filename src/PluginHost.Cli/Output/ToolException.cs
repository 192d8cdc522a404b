namespace PluginHost.Cli.Output;

/// <summary>Ends a command with an exit code and a text for the person who typed it.</summary>
internal sealed class ToolException : Exception
{
    /// <summary>Creates one.</summary>
    /// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
    /// <param name="kind">One word for programs, such as <c>usage</c>.</param>
    /// <param name="message">What happened and what to do.</param>
    public ToolException(int exitCode, string kind, string message)
        : base(message) => Error = new ErrorLine { Kind = kind, Message = message, ExitCodeOfTool = exitCode };

    /// <summary>Creates one from everything known of a fault.</summary>
    public ToolException(ErrorLine error)
        : base(error.Message) => Error = error;

    /// <summary>What is told.</summary>
    public ErrorLine Error { get; }

    /// <summary>The command line asks for something that there is not.</summary>
    public static ToolException Usage(string message) => new(ExitCode.Usage, "usage", message);
}
