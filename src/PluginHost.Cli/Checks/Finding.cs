namespace PluginHost.Cli.Checks;

/// <summary>A method that uses an API hostile to plugins. Immutable.</summary>
/// <param name="Rule">The rule's id.</param>
/// <param name="Severity">How grave it is here.</param>
/// <param name="HostileTo">What it is hostile to.</param>
/// <param name="Assembly">The assembly.</param>
/// <param name="Method">The method as its author knows it; null where the assembly as a whole is meant.</param>
/// <param name="At">File and line, where symbols are there.</param>
/// <param name="Api">What is used.</param>
/// <param name="Count">How often in that method.</param>
/// <param name="What">What is wrong with it.</param>
/// <param name="Instead">What to do instead.</param>
internal sealed record Finding(
    string Rule, Severity Severity, HostileTo HostileTo, string Assembly, string? Method, string? At, string Api, int Count, string What, string Instead)
{
    /// <summary>The finding of a rule.</summary>
    public static Finding Of(Rule rule, Severity severity, string assembly, string? method, string? at, string api, string? undo = null) => new(
        rule.Id, severity, rule.To, assembly, method, at, api, 1, undo is null ? rule.What : $"{rule.What} The same class calls {undo}, which undoes it.", rule.Instead);
}
