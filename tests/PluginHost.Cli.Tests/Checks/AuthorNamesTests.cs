using PluginHost.Cli.Checks;

namespace PluginHost.Cli.Tests.Checks;

/// <summary>What the compiler names, led back to what the author wrote.</summary>
public sealed class AuthorNamesTests
{
    [Theory]
    [InlineData("Render", "Render", null)]
    [InlineData("<RenderAsync>d__3", "RenderAsync", null)]
    [InlineData("<Render>b__0_0", "Render", "lambda")]
    [InlineData("<<Render>b__0_0>d", "Render", "lambda")]
    [InlineData("<Render>g__Inner|0_0", "Render", "Inner")]
    [InlineData("<<Render>g__Inner|0_0>d", "Render", "Inner")]
    [InlineData("<.ctor>b__0_0", ".ctor", "lambda")]
    [InlineData("<Main>$", "Main", null)]
    [InlineData("<>c__DisplayClass0_0", null, null)]
    [InlineData("<>c", null, null)]
    [InlineData("<broken", "<broken", null)]
    [InlineData("", "", null)]
    public void A_compilers_name_is_unwrapped(string name, string? method, string? role)
    {
        (string? Name, string? Role) unwrapped = AuthorNames.Unwrap(name);

        Assert.Equal((method, role), unwrapped);
    }
}
