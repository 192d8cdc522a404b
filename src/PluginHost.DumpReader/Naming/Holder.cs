namespace PluginHost.DumpReader.Naming;

/// <summary>What holds a plugin, for a person.</summary>
/// <param name="Kind">The sort, one word.</param>
/// <param name="What">What is so; a sentence without its point.</param>
/// <param name="Remedy">What the plugin's author does instead; a sentence.</param>
/// <param name="Way">From the root to the plugin.</param>
internal sealed record Holder(string Kind, string What, string Remedy, string Way)
{
    private const int MostLetters = 1_000;

    /// <summary>All of it in a line.</summary>
    public string Text
    {
        get
        {
            string text = $"{What}. {Remedy} [{Way}]";
            return text.Length <= MostLetters ? text : text[..(MostLetters - 4)] + "...]";
        }
    }
}
