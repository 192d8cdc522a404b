using System.Diagnostics;
using System.Reflection;
using System.Text;
using System.Text.Json;

namespace PluginHost.Cli.Tests.Support;

/// <summary>What a run of the tool left behind.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Standard output as its one JSON document.</summary>
    public JsonElement Json => JsonElement.Parse(Output);
}

/// <summary>Runs the built tool as a process of its own, as a person would.</summary>
internal static class Tool
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(4);

    public static string Plugins => Metadata("PluginsLayout");

    public static string Policy => Metadata("PolicyFile");

    /// <summary>Runs it to its end.</summary>
    public static async Task<ToolResult> RunAsync(params string[] arguments)
    {
        using Process process = Start(arguments);
        process.StandardInput.Close();
        using CancellationTokenSource deadline = new(s_longest);
        Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        Task<string> errors = process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        return new ToolResult(process.ExitCode, await output, await errors);
    }

    /// <summary>Starts it.</summary>
    public static Process Start(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.ArgumentList.Add(Metadata("ToolPath"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static string Metadata(string key) =>
        typeof(Tool).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == key).Value!;
}
