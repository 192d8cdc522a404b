using System.Text.RegularExpressions;
using PluginHost.DumpReader.Memory;

namespace PluginHost.DumpReader.Naming;

/// <summary>A chain in one line: the root, the objects with the fields that lead on, the plugin's end. What collections are made of is left out.</summary>
internal static partial class WayText
{
    private const int MostSteps = 8;
    private const int Last = 3;

    /// <summary>Writes one.</summary>
    public static string Of(Chain chain)
    {
        List<string> steps = [];
        for (int i = 0; i < chain.Steps.Count; i++)
        {
            Step step = chain.Steps[i];

            // The next in a row of its own kind is no step of anybody's.
            if (Inner().IsMatch(step.Type) || (step.Field is "Next" or "_next" && i + 1 < chain.Steps.Count && chain.Steps[i + 1].Type == step.Type))
            {
                continue;
            }

            string written = Namespaces().Replace(step.Type, "");
            string text = step.Field is null or "_target" or "_methodBase" or "_invocationList" or "_items" or "_entries" or "_buckets" or "_tables" or "m_keepalive"
                ? written
                : $"{written}.{step.Field}";
            if (steps.Count == 0 || steps[^1] != text)
            {
                steps.Add(text);
            }
        }

        if (steps.Count > MostSteps)
        {
            steps = [.. steps.Take(MostSteps - Last - 1), "...", .. steps.TakeLast(Last)];
        }

        return string.Join(" -> ", [Begin(chain.Root), .. steps, chain.End.Name]);
    }

    private static string Begin(Root root) => root.Kind switch
    {
        RootKind.Static => $"static {root.Name}",
        RootKind.ThreadStatic => $"thread-static {root.Name}",
        RootKind.PinnedHandle => "pinned handle",
        RootKind.Stack => $"local of {root.Name}",
        _ => "handle",
    };

    // What dictionaries, lists and multicast delegates are made of.
    [GeneratedRegex(@"(\[\]|\.Entry|\.Tables|\.Node|\.Bucket)$")]
    private static partial Regex Inner();

    [GeneratedRegex(@"(?:\w+\.)+(?=\w)")]
    private static partial Regex Namespaces();
}
