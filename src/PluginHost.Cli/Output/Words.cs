using System.Text.Json;
using PluginHost.Contracts.Faults;

namespace PluginHost.Cli.Output;

/// <summary>Enum values as people and programs read them: camelCase, the same words in tables and in JSON.</summary>
internal static class Words
{
    /// <summary>A value's word.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    /// <summary>A tier's word, or a dash where a plugin runs nowhere.</summary>
    public static string Of(PluginTier? tier) => tier is { } known ? Of(known) : "-";

    /// <summary>The first line of a text, at most so many characters long.</summary>
    public static string FirstLine(string? text, int characters = 100)
    {
        string line = (text ?? "").Split('\n', 2)[0].TrimEnd();
        return line.Length <= characters ? line : string.Concat(line.AsSpan(0, characters - 1), "…");
    }
}
