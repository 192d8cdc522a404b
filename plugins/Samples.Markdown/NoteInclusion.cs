using System.Text.RegularExpressions;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using Samples.Contracts;

namespace Samples.Markdown;

/// <summary>Puts notes into a document through the host service <see cref="INotes"/>. One that cannot be had is named in its place, with the reason.</summary>
internal sealed partial class NoteInclusion(IPluginContext context)
{
    /// <summary>Whether a document asks for a note: most do not, and take no detour.</summary>
    public static bool IsIn(string markdown) => markdown.Contains("{{note:", StringComparison.Ordinal);

    /// <summary>Gives the document with its notes.</summary>
    public async Task<string> ExpandAsync(string markdown, CancellationToken cancellationToken)
    {
        string[] lines = markdown.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (Inclusion().Match(lines[i]) is { Success: true } match)
            {
                lines[i] = await TextOfAsync(match.Groups[1].Value, cancellationToken).ConfigureAwait(false);
            }
        }

        return string.Join('\n', lines);
    }

    private async Task<string> TextOfAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            // Asked for each time: the host gives the same object, and a refusal is this document's and not the plugin's end.
            INotes notes = context.GetHostService<INotes>();
            return (await notes.GetAsync(key, cancellationToken).ConfigureAwait(false)).Text;
        }
        catch (NoteNotFoundException)
        {
            return $"*There is no note '{key}'.*";
        }
        catch (Exception e) when (e is PluginException or InvalidNoteKeyException)
        {
            return $"*The note '{key}' cannot be had: {e.Message}*";
        }
    }

    [GeneratedRegex(@"\A\{\{note:([^{}]{1,80})\}\}\s*\z")]
    private static partial Regex Inclusion();
}
