using System.Diagnostics;
using System.Text.Json;
using PluginHost.Cli.Tests.Support;
using PluginHost.TestKit;

[assembly: AssemblyFixture(typeof(DemoRun))]

namespace PluginHost.Cli.Tests.Support;

/// <summary>One run of <c>demo --json</c> that several tests look at.</summary>
public sealed class DemoRun : IAsyncLifetime
{
    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(20);

    /// <summary>What it ended with.</summary>
    public int ExitCode { get; private set; }

    /// <summary>Its document.</summary>
    public JsonElement Json { get; private set; }

    /// <summary>What it said besides.</summary>
    public string Errors { get; private set; } = "";

    /// <summary>Every process that was seen as a child of the tool.</summary>
    public HashSet<int> Children { get; } = [];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        using Process process = Tool.Start("demo", "--json");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        while (!process.HasExited)
        {
            Children.UnionWith(ProcessLife.ChildrenOf(process.Id));
            await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(s_between));
        }

        await process.WaitForExitAsync();
        ExitCode = process.ExitCode;
        Errors = await errors;
        Json = JsonElement.Parse(await output);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
