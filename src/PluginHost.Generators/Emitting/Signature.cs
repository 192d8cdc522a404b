using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>A method as generated classes implement it: explicitly, so that no name of a contract meets a name of their base.</summary>
internal sealed class Signature
{
    // A parameter may be called anything; these are what generated bodies call their own things.
    private static readonly HashSet<string> s_taken = ["entry", "inside", "result", "sample", "token", "pending", "thrown", "reply", "route", "held", "given", "lent", "settled", "elsewhere", "item"];

    public Signature(MethodModel method)
    {
        List<(ParameterModel Model, string Name)> named =
            [.. method.Parameters.Select(p => (p, s_taken.Contains(p.Name) ? p.Name + "Argument" : "@" + p.Name))];
        named = [.. named.Select(n => (n.Model, IsPlain(n.Model.Name) ? n.Name.TrimStart('@') : n.Name))];
        Parameters = string.Join(", ", named.Select(n => $"{n.Model.Code} {n.Name}"));
        Head = $"{method.ReturnCode} {method.DeclaringCode}.{Shapes.NameOf(method)}({Parameters})";
        ValueArguments = string.Join(", ", named.Where(n => n.Model.Type is not null).Select(n => n.Name));
        Token = named.Where(n => n.Model.Type is null).Select(n => n.Name).FirstOrDefault();
        Named = named;
    }

    /// <summary>The parameters with their names in the generated body.</summary>
    public IReadOnlyList<(ParameterModel Model, string Name)> Named { get; }

    /// <summary>The whole head, without a body.</summary>
    public string Head { get; }

    /// <summary>The parameters as declared.</summary>
    public string Parameters { get; }

    /// <summary>The arguments that travel, in order.</summary>
    public string ValueArguments { get; }

    /// <summary>The token's name, or null.</summary>
    public string? Token { get; }

    /// <summary>All arguments, with the token replaced.</summary>
    public string ArgumentsWith(string token) => string.Join(", ", Named.Select(n => n.Model.Type is null ? token : n.Name));

    private static bool IsPlain(string name) => !Parsing.Names.Escape(name).StartsWith("@", StringComparison.Ordinal);
}
