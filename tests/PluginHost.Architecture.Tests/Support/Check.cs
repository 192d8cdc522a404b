namespace PluginHost.Architecture.Tests.Support;

/// <summary>Assertions whose failure lists everything that is wrong, a line each.</summary>
internal static class Check
{
    /// <summary>Passes where nothing is wrong.</summary>
    /// <param name="wrong">What is wrong, each in words.</param>
    public static void None(IEnumerable<string> wrong)
    {
        string[] lines = [.. wrong.Distinct()];
        Assert.True(lines.Length == 0, string.Join("\n    ", lines.Prepend($"{lines.Length} wrong:")));
    }
}
