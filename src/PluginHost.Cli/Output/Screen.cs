using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace PluginHost.Cli.Output;

/// <summary>
/// What a command says: one JSON document or tables for people on standard output, everything else on standard error.
/// Colours only on a terminal. Used from one thread at a time.
/// </summary>
internal sealed class Screen
{
    private const int WidthOfFiles = 160;
    private readonly TextWriter _output;
    private readonly TextWriter _errors;

    /// <summary>Creates one.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="errors">Standard error.</param>
    /// <param name="isJson">True for a JSON document in place of tables.</param>
    public Screen(TextWriter output, TextWriter errors, bool isJson)
    {
        _output = output;
        _errors = errors;
        IsJson = isJson;
        People = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (Console.IsOutputRedirected)
        {
            People.Profile.Width = WidthOfFiles;
            People.Profile.Capabilities.Ansi = false;
        }
    }

    /// <summary>True where a program reads.</summary>
    public bool IsJson { get; }

    /// <summary>Tables and lines for people. Not to be used where <see cref="IsJson"/>.</summary>
    public IAnsiConsole People { get; }

    /// <summary>Writes the command's one document.</summary>
    public void Document<T>(T document, JsonTypeInfo<T> type)
    {
        _output.WriteLine(JsonSerializer.Serialize(document, type));
        _output.Flush();
    }

    /// <summary>Writes a line of plain text to standard output.</summary>
    public void Line(string text)
    {
        _output.WriteLine(text);
        _output.Flush();
    }

    /// <summary>Writes a notice to standard error.</summary>
    public void Notice(string text)
    {
        _errors.WriteLine(text);
        _errors.Flush();
    }

    /// <summary>Tells an error: in words on standard error, and as a document where a program reads.</summary>
    public void Error(ErrorLine error)
    {
        Notice($"pluginhost: {error.Message}");
        if (error.ExitCode is not null || error.Signal is not null)
        {
            Notice($"  worker:   {(error.Signal is { } signal ? $"ended by {signal}" : $"exited with code {error.ExitCode}")}");
        }

        if (error.FaultId is { } fault)
        {
            Notice($"  fault:    {fault}");
        }

        if (error.RemoteType is { } type)
        {
            Notice($"  type:     {type}");
        }

        if (error.StderrTail is { Length: > 0 } tail)
        {
            Notice("  stderr:   " + tail.Trim().ReplaceLineEndings("\n            "));
        }

        if (error.Remedy is { } remedy)
        {
            Notice($"  remedy:   {remedy}");
        }

        if (IsJson)
        {
            Document(new ErrorDocument(error), ToolJson.Plain.ErrorDocument);
        }
    }
}
