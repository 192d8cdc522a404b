namespace PluginHost.Runtime.Model;

/// <summary>What a plugin's id may be. Ids that differ only in case are the same.</summary>
internal static class PluginIds
{
    /// <summary>What is expected, for a message.</summary>
    public const string Expected = "1 to 128 letters, digits, dots, dashes and underscores that start with a letter or digit, such as \"my.plugin\"";

    /// <summary>Whether a text is an id.</summary>
    public static bool Valid(string text) =>
        text.Length is > 0 and <= 128 && char.IsAsciiLetterOrDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
