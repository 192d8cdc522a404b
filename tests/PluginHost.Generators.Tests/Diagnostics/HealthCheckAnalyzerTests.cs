using System.Globalization;
using Microsoft.CodeAnalysis;
using PluginHost.Generators.Tests.Support;

namespace PluginHost.Generators.Tests.Diagnostics;

/// <summary>What the compiler says of a health check, against what the host would do with it.</summary>
public sealed class HealthCheckAnalyzerTests
{
    private const string Contract = "[PluginContract] public interface IWork { int Run(int count); }\n";

    [Theory]
    [InlineData("public void IsWell() { }")]
    [InlineData("public bool IsWell() => true;")]
    [InlineData("public Task IsWell() => Task.CompletedTask;")]
    [InlineData("public Task<bool> IsWell(CancellationToken ct) => Task.FromResult(true);")]
    [InlineData("public ValueTask IsWell(CancellationToken ct) => default;")]
    [InlineData("public async ValueTask<bool> IsWell() { await Task.Yield(); return true; }")]
    public async Task A_method_that_the_host_can_call_is_not_reported(string method) =>
        Assert.Empty(await FindAsync(Plugin($"[HealthCheck] {method}")));

    [Theory]
    [InlineData("bool IsWell() => true;", "is not a public method of the plugin's object")]
    [InlineData("public static bool IsWell() => true;", "is not a public method of the plugin's object")]
    [InlineData("public bool IsWell<T>() => true;", "is generic")]
    [InlineData("public bool IsWell(int depth) => true;", "takes more than the host has to give")]
    [InlineData("public bool IsWell(CancellationToken a, CancellationToken b) => true;", "takes more than the host has to give")]
    [InlineData("public bool IsWell(in CancellationToken ct) => true;", "takes more than the host has to give")]
    [InlineData("public int IsWell() => 1;", "gives 'int'")]
    [InlineData("public bool? IsWell() => true;", "gives 'bool?'")]
    [InlineData("public Task<int> IsWell() => Task.FromResult(1);", "gives 'Task<int>'")]
    [InlineData("public async void IsWell() => await Task.Yield();", "is async void")]
    public async Task A_method_that_the_host_cannot_call_is_reported_with_the_reason(string method, string expected)
    {
        Diagnostic found = Assert.Single(await FindAsync(Plugin($"[HealthCheck] {method}")));

        Assert.Equal("PH0024", found.Id);
        Assert.StartsWith($"The health check 'IsWell' {expected}", found.GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_one_is_reported_also_where_it_is_inherited()
    {
        const string Base = "public abstract class Checked { [HealthCheck] public virtual bool First() => true; }\n";
        const string Two = "[Plugin] public sealed class Work : Checked, IWork { public int Run(int count) => count; [HealthCheck] public bool Second() => true; }";

        Diagnostic found = Assert.Single(await FindAsync(Contract + Base + Two));

        Assert.Equal("The health check 'First' is the second one, after 'Second': keep [HealthCheck] on one method", found.GetMessage(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task An_override_takes_the_place_of_what_it_overrides()
    {
        const string Base = "public abstract class Checked { [HealthCheck] public virtual bool IsWell() => true; }\n";
        const string One = "[Plugin] public sealed class Work : Checked, IWork { public int Run(int count) => count; [HealthCheck] public override bool IsWell() => false; }";

        Assert.Empty(await FindAsync(Contract + Base + One));
    }

    private static string Plugin(string check) => $"{Contract}[Plugin] public sealed class Work : IWork {{ public int Run(int count) => count; {check} }}";

    private static async Task<IReadOnlyList<Diagnostic>> FindAsync(string source) =>
        [.. (await Compiled.AnalyzeAsync(Compiled.Compile(source))).Where(d => d.Severity > DiagnosticSeverity.Info)];
}
