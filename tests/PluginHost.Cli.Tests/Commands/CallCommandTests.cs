using System.Text.Json;
using PluginHost.Cli.Tests.Support;
using PluginHost.TestKit;

namespace PluginHost.Cli.Tests.Commands;

/// <summary>One call from the shell: results, faults, and what the tool ends with.</summary>
public sealed class CallCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task A_result_is_printed_as_json_and_nothing_else()
    {
        ToolResult result = await CallAsync("samples.calculator", "Calculator.Add", "[20, 22]");

        Assert.Equal((0, "42"), (result.ExitCode, result.Output.Trim()));
    }

    [Fact]
    public async Task Arguments_may_be_named()
    {
        ToolResult result = await CallAsync("samples.calculator", "Calculator.Add", """{ "b": 22, "a": 20 }""", "--json");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(42, result.Json.GetProperty("result").GetInt32());
        Assert.Equal("inProcess", result.Json.GetProperty("tier").GetString());
    }

    [Fact]
    public async Task A_stack_overflow_is_told_with_its_end_and_its_last_words_and_the_next_call_works()
    {
        ToolResult result = await CallAsync("samples.faulty", "Faulty.StackOverflow", "--json");
        ToolResult next = await CallAsync("samples.faulty", "Faulty.Echo", """["still here"]""");

        JsonElement error = result.Json.GetProperty("error");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("stackOverflow", error.GetProperty("kind").GetString());
        Assert.True(
            error.GetProperty("signal").ValueKind == JsonValueKind.String || error.GetProperty("exitCode").ValueKind == JsonValueKind.Number, error.GetRawText());
        Assert.Contains("Descend", error.GetProperty("stderrTail").GetString(), StringComparison.Ordinal);
        Assert.Contains("Descend", result.Errors, StringComparison.Ordinal);
        Assert.Equal((0, "\"still here\""), (next.ExitCode, next.Output.Trim()));
    }

    [Fact]
    public async Task A_declared_error_is_told_by_its_type()
    {
        ToolResult result = await CallAsync("samples.notes", "Notes.Get", """["none"]""", "--json");

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("Samples.Contracts.NoteNotFoundException", result.Json.GetProperty("error").GetProperty("remoteType").GetString());
    }

    [Fact]
    public async Task A_call_beyond_its_time_fails()
    {
        ToolResult result = await CallAsync("samples.faulty", "Faulty.Sleep", "[60000]", "--timeout", "300ms", "--json");

        Assert.Equal((1, "timeout"), (result.ExitCode, result.Json.GetProperty("error").GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task A_plugin_that_the_policy_refuses_ends_with_3()
    {
        string policy = _folder.Write("policy.json", "{}");

        ToolResult result = await Tool.RunAsync(
            "call", "samples.calculator", "Calculator.Add", "[1, 2]", "--policy", policy, "--state", _folder["state"], "--json");

        Assert.Equal((3, "refused"), (result.ExitCode, result.Json.GetProperty("error").GetProperty("kind").GetString()));
    }

    [Theory]
    [InlineData("samples.nobody", "Calculator.Add", "[1, 2]")]
    [InlineData("samples.calculator", "Calculator.Nothing", "[]")]
    [InlineData("samples.calculator", "Calculator.Add", "[1, ")]
    [InlineData("samples.calculator", "Calculator.Add", """["one", "two"]""")]
    public async Task What_does_not_fit_is_a_usage_error(string plugin, string method, string arguments)
    {
        ToolResult result = await CallAsync(plugin, method, arguments, "--json");

        Assert.Equal((2, "usage"), (result.ExitCode, result.Json.GetProperty("error").GetProperty("kind").GetString()));
    }

    public void Dispose() => _folder.Dispose();

    private Task<ToolResult> CallAsync(params string[] arguments) => Tool.RunAsync(["call", .. arguments, "--state", _folder["state"]]);
}
