using System.Globalization;
using System.Text.RegularExpressions;

namespace PluginHost.Runtime.Model;

/// <summary>Reads contracts with their major versions, as manifests and policies name them.</summary>
internal static partial class ContractReferences
{
    private const int MaxContracts = 64;
    private const string Expected = "a contract with its major version such as \"My.Contracts.IGreeter@1\"";

    /// <summary>Whether a text is a contract's name, without a version.</summary>
    public static bool ValidName(string text) => NamePattern().IsMatch(text);

    /// <summary>Reads a list of contracts; what is wrong in it is reported.</summary>
    /// <param name="fields">The fields it is one of.</param>
    /// <param name="name">The member.</param>
    /// <param name="required">Whether at least one is needed.</param>
    public static List<ContractReference> Read(FieldSet fields, string name, bool required)
    {
        var references = new List<ContractReference>();
        var value = required ? fields.Require(name, "an array with at least one contract such as [\"My.Contracts.IGreeter@1\"]") : fields.Find(name);
        if (fields.List(name, $"an array, each item {Expected}") is not { } items)
        {
            return references;
        }

        if (items.Count > MaxContracts || (required && items.Count == 0))
        {
            fields.Session.Report(value!, string.Create(CultureInfo.InvariantCulture, $"found {items.Count} contracts, expected {(required ? 1 : 0)} to {MaxContracts}, each such as \"My.Contracts.IGreeter@1\"."));
            return references;
        }

        foreach (var item in items)
        {
            var match = item.Kind == StrictKind.Text ? ReferencePattern().Match(item.Text) : Match.Empty;
            if (!match.Success)
            {
                fields.Session.Wrong(item, Expected);
                continue;
            }

            var reference = new ContractReference(match.Groups[1].Value, int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture));
            if (references.Exists(r => r.Name == reference.Name))
            {
                fields.Session.Report(item, $"{reference.Name} is named twice. Remove one of them: a plugin {(required ? "implements" : "uses")} one major version of a contract.");
                continue;
            }

            references.Add(reference);
        }

        return references;
    }

    /// <summary>Reads an object whose members are contracts' names and plugins' ids.</summary>
    public static Dictionary<string, string> ReadChoices(FieldSet fields, string name)
    {
        var choices = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in fields.Section(name)?.Value.Members ?? [])
        {
            if (!ValidName(member.Name))
            {
                fields.Session.Report(member.Line, member.Column, member.Value.Path, $"found {StrictValue.Quote(member.Name)}, expected a contract's name without a version, such as \"My.Contracts.IGreeter\". Correct it.");
            }
            else if (member.Value.Kind != StrictKind.Text || !PluginIds.Valid(member.Value.Text))
            {
                fields.Session.Wrong(member.Value, $"the id of the plugin that serves it: {PluginIds.Expected}");
            }
            else
            {
                choices.Add(member.Name, member.Value.Text);
            }
        }

        return choices;
    }

    [GeneratedRegex(@"\A((?:[A-Za-z_][A-Za-z0-9_]*[.+])*[A-Za-z_][A-Za-z0-9_]*)@([1-9][0-9]{0,5})\z")]
    private static partial Regex ReferencePattern();

    [GeneratedRegex(@"\A(?:[A-Za-z_][A-Za-z0-9_]*[.+])*[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex NamePattern();
}
