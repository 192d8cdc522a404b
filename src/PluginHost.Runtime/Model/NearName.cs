namespace PluginHost.Runtime.Model;

/// <summary>Finds the name that a person probably meant.</summary>
internal static class NearName
{
    /// <summary>The nearest of the known names: the same but for case, or at most two slips away (one in short names); else null.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        if (name.Length > 64)
        {
            return null;
        }

        var best = known
            .Select(k => (Name: k, Slips: string.Equals(k, name, StringComparison.OrdinalIgnoreCase) ? 0 : Slips(name, k)))
            .OrderBy(k => k.Slips).ThenBy(k => k.Name, StringComparer.Ordinal).FirstOrDefault();
        return best.Name is not null && best.Slips <= (Math.Min(name.Length, best.Name.Length) <= 4 ? 1 : 2) ? best.Name : null;
    }

    /// <summary>Inserted, lost, wrong or swapped characters between two words.</summary>
    private static int Slips(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }

                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]);
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1, rows[i - 1, j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[a.Length, b.Length];
    }
}
