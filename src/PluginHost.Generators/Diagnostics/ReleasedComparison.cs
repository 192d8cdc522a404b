using System.Globalization;
using PluginHost.Generators.Model;

namespace PluginHost.Generators.Diagnostics;

/// <summary>Holds a contract against what its last release promised. Pure.</summary>
internal static class ReleasedComparison
{
    /// <summary>Every broken promise; none where the major version is a higher one.</summary>
    /// <param name="before">The contract as released.</param>
    /// <param name="model">The contract as it is.</param>
    public static IEnumerable<ReleasedFinding> Compare(ReleasedEntry before, ContractModel model)
    {
        ReleasedEntry now = Baseline.Of(model);
        if (!int.TryParse(before.Facts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) || major < model.Major)
        {
            return [];
        }

        if (major > model.Major)
        {
            return [Contract(before, $"has the major version {model.Major}, and was released as {major}: a major version only grows")];
        }

        return [.. Names(before, now), .. Methods(before, now), .. Added(before, model), .. Data(before, model, now)];
    }

    /// <summary>What is said of a contract that is there no more.</summary>
    public static ReleasedFinding Gone(ReleasedEntry before) =>
        Contract(before, "is gone: plugins that name it in their manifests are refused; keep it, or take it out of the baseline with the next major version of the assembly");

    private static ReleasedFinding Contract(ReleasedEntry before, string what) => new(BaselineRules.Contract, before, before.Name, null, before.Name, what);

    private static IEnumerable<ReleasedFinding> Names(ReleasedEntry before, ReleasedEntry now)
    {
        if (before.Facts[1] != now.Facts[1])
        {
            yield return Contract(before, $"is called '{now.Facts[1]}' on the wire, and was released as '{before.Facts[1]}'");
        }
    }

    private static IEnumerable<ReleasedFinding> Methods(ReleasedEntry before, ReleasedEntry now)
    {
        foreach (ReleasedEntry was in before.Of(Baseline.Method))
        {
            if (now.Find(Baseline.Method, was.Name) is not { } method)
            {
                yield return new(BaselineRules.Method, was, before.Name, null, was.Name, $"is gone from {before.Name}: applications and plugins built before call it or are called by it");
                continue;
            }

            foreach (string change in Changes(was, method))
            {
                yield return new(BaselineRules.Method, was, before.Name, was.Name, was.Name, change);
            }

            foreach (string change in Promises(was, method))
            {
                yield return new(BaselineRules.Promise, was, before.Name, was.Name, was.Name, change);
            }
        }
    }

    private static IEnumerable<string> Changes(ReleasedEntry was, ReleasedEntry now)
    {
        if (was.Facts[Baseline.DeclaredBy] != now.Facts[Baseline.DeclaredBy])
        {
            yield return $"is declared by {now.Facts[Baseline.DeclaredBy]}, and was by {was.Facts[Baseline.DeclaredBy]}";
        }

        if (was.Facts[Baseline.Gives] != now.Facts[Baseline.Gives])
        {
            yield return $"gives '{now.Facts[Baseline.Gives]}', and gave '{was.Facts[Baseline.Gives]}'";
        }

        // The wire name begins with the contract's own, which is told once.
        if (Last(was.Facts[Baseline.WireName]) != Last(now.Facts[Baseline.WireName]))
        {
            yield return $"is called '{Last(now.Facts[Baseline.WireName])}' on the wire, and was '{Last(was.Facts[Baseline.WireName])}'";
        }

        if (Takes(was) != Takes(now))
        {
            yield return $"takes ({Takes(now)}), and took ({Takes(was)})";
            yield break;
        }

        foreach (ReleasedEntry parameter in now.Of(Baseline.Parameter))
        {
            if (parameter.Facts[Baseline.Need] == Baseline.Required && was.Find(Baseline.Parameter, parameter.Name)!.Facts[Baseline.Need] == Baseline.Optional)
            {
                yield return $"needs '{parameter.Name}', which callers could leave out";
            }
        }
    }

    private static IEnumerable<string> Promises(ReleasedEntry was, ReleasedEntry now)
    {
        if (was.Facts[Baseline.Promise] != now.Facts[Baseline.Promise])
        {
            yield return now.Facts[Baseline.Promise] == Baseline.Idempotent
                ? "is idempotent, and was not: a lost call would be sent again to plugins that never agreed to that"
                : "is not idempotent any more: a lost call, which was sent again, would fail its caller";
        }

        foreach (ReleasedEntry error in was.Of(Baseline.Throws).Where(e => now.Find(Baseline.Throws, e.Name) is null))
        {
            yield return $"does not declare {error.Name} any more: where a plugin throws it, callers would get a fault";
        }

        foreach (ReleasedEntry parameter in now.Of(Baseline.Parameter))
        {
            if (parameter.Facts[Baseline.Life] == Baseline.Call && was.Find(Baseline.Parameter, parameter.Name) is { } before && before.Facts[Baseline.Life] == Baseline.Lease)
            {
                yield return $"lends '{parameter.Name}' for the call only ([CallScoped]), and gave it for longer";
            }
        }
    }

    private static IEnumerable<ReleasedFinding> Added(ReleasedEntry before, ContractModel model) =>
        from method in model.Methods
        where !method.HasBody && before.Find(Baseline.Method, method.Name) is null
        select new ReleasedFinding(BaselineRules.Added, null, before.Name, method.Name, method.Name, before.Name);

    private static IEnumerable<ReleasedFinding> Data(ReleasedEntry before, ContractModel model, ReleasedEntry now)
    {
        // A type that the contract does not reach any more is told by the methods that reached it.
        foreach (ReleasedEntry was in before.Of(Baseline.Data))
        {
            if (now.Find(Baseline.Data, was.Name) is { } data)
            {
                DataModel type = model.Data.First(d => Baseline.Plain(d.Type.Code) == was.Name);
                foreach (ReleasedFinding finding in Members(was, data, type.Constructors, was.Facts[1]))
                {
                    yield return finding;
                }

                if (was.Facts[0] != data.Facts[0])
                {
                    yield return Of(was, null, $"is a {data.Facts[0]}, and was a {was.Facts[0]}");
                }
            }
        }

        foreach (ReleasedEntry was in before.Of(Baseline.Error))
        {
            if (now.Find(Baseline.Error, was.Name) is { } error)
            {
                ErrorModel type = model.Methods.SelectMany(m => m.Errors).First(e => e.FullName == was.Name);
                foreach (ReleasedFinding finding in Members(was, error, type.Constructors, was.Facts[0]))
                {
                    yield return finding;
                }
            }
        }

        foreach (ReleasedFinding finding in before.Of(Baseline.Enum).SelectMany(was => now.Find(Baseline.Enum, was.Name) is { } item ? Values(was, item) : []))
        {
            yield return finding;
        }
    }

    private static IEnumerable<ReleasedFinding> Members(ReleasedEntry was, ReleasedEntry now, IEnumerable<string> constructors, string constructor)
    {
        if (constructors.All(c => Baseline.Plain(c) != constructor))
        {
            yield return Of(was, null, $"has no constructor {constructor} any more, which applications and plugins built before call");
        }

        foreach (ReleasedEntry member in was.Children)
        {
            if (now.Find(Baseline.Member, member.Name) is not { } found)
            {
                yield return Of(was, null, $"has no '{member.Name}' any more");
            }
            else if (found.Facts[Baseline.Type] != member.Facts[Baseline.Type])
            {
                yield return Of(was, member.Name, $"has '{member.Name}' of the type '{found.Facts[Baseline.Type]}', and it was '{member.Facts[Baseline.Type]}'");
            }
            else if (found.Facts[Baseline.Need] == Baseline.Required && member.Facts[Baseline.Need] == Baseline.Optional)
            {
                yield return Of(was, member.Name, $"needs '{member.Name}', which messages could leave out");
            }
        }

        foreach (ReleasedEntry added in now.Children.Where(m => m.Facts[Baseline.Need] == Baseline.Required && was.Find(Baseline.Member, m.Name) is null))
        {
            yield return Of(was, added.Name, $"needs '{added.Name}', which it did not have: messages of those built before lack it; make it an init property that may be left out");
        }
    }

    private static IEnumerable<ReleasedFinding> Values(ReleasedEntry was, ReleasedEntry now)
    {
        if (was.Facts[0] != now.Facts[0])
        {
            yield return Of(was, null, $"is an enum of {now.Facts[0]}, and was of {was.Facts[0]}");
        }

        foreach (ReleasedEntry value in was.Children)
        {
            if (now.Find(Baseline.Value, value.Name) is not { } found)
            {
                yield return Of(was, null, $"has no '{value.Name}' any more");
            }
            else if (found.Facts[0] != value.Facts[0])
            {
                yield return Of(was, value.Name, $"gives '{value.Name}' the number {found.Facts[0]}, and it was {value.Facts[0]}");
            }
        }
    }

    private static ReleasedFinding Of(ReleasedEntry was, string? member, string what) => new(BaselineRules.Data, was, was.Name, member, was.Name, what);

    private static string Takes(ReleasedEntry method) =>
        string.Join(", ", method.Of(Baseline.Parameter).Select(p => $"{p.Facts[Baseline.Type]} {p.Name}"));

    private static string Last(string wireName) => wireName.Substring(wireName.IndexOf('.') + 1);
}
