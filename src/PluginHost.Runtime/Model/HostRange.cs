using System.Text.RegularExpressions;
using NuGet.Versioning;

namespace PluginHost.Runtime.Model;

/// <summary>A range of versions: comparisons separated by spaces that must all hold, such as <c>&gt;=1.0.0 &lt;2.0.0</c>. Immutable.</summary>
internal sealed partial class HostRange
{
    private readonly (string Operator, SemanticVersion Version)[] _parts;

    private HostRange((string, SemanticVersion)[] parts) => _parts = parts;

    /// <summary>Reads a range; null where it is none.</summary>
    public static HostRange? Parse(string text)
    {
        var parts = new List<(string, SemanticVersion)>();
        foreach (var part in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var sign = SignPattern().Match(part).Value;
            if (sign.Length == 0 || Version(part[sign.Length..]) is not { } version)
            {
                return null;
            }

            parts.Add((sign, version));
        }

        return parts.Count is > 0 and <= 8 ? new([.. parts]) : null;
    }

    /// <summary>Reads a SemVer 2 version, strictly; null where it is none.</summary>
    public static SemanticVersion? Version(string text) =>
        text.Length <= 128 && VersionPattern().IsMatch(text) && SemanticVersion.TryParse(text, out var version) ? version : null;

    /// <summary>Whether a version is in the range, by SemVer's order (a pre-release comes before its release).</summary>
    public bool Contains(SemanticVersion version) => _parts.All(part =>
    {
        var order = version.CompareTo(part.Version, VersionComparison.VersionRelease);
        return part.Operator switch
        {
            ">=" => order >= 0,
            ">" => order > 0,
            "<=" => order <= 0,
            "<" => order < 0,
            _ => order == 0,
        };
    });

    [GeneratedRegex(@"\A(>=|<=|>|<|=)")]
    private static partial Regex SignPattern();

    // The pattern of semver.org.
    [GeneratedRegex(@"\A(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?\z")]
    private static partial Regex VersionPattern();
}
