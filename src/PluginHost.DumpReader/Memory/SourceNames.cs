using System.Text.RegularExpressions;

namespace PluginHost.DumpReader.Memory;

/// <summary>Names of types and methods as their author wrote them, out of those that the compiler made.</summary>
internal static partial class SourceNames
{
    /// <summary>A type's name: nested ones after a point, the compiler's own classes away.</summary>
    public static string OfType(string name)
    {
        string written = StateMachine().Replace(name, "$1.$2");
        written = Closure().Replace(written, "");
        return written.Replace('+', '.');
    }

    /// <summary>A method with its type, such as <c>Samples.Notes.Cache.OnExit</c> or <c>a lambda in Samples.Notes.Cache.Start</c>.</summary>
    /// <param name="type">The type's full name.</param>
    /// <param name="method">The method's name.</param>
    public static string OfMethod(string type, string method)
    {
        string owner = OfType(type);
        if (method == "MoveNext" && StateMachine().IsMatch(type))
        {
            return owner;
        }

        Match made = MadeMethod().Match(method);
        return !made.Success ? $"{owner}.{method}"
            : made.Groups[2].Value == "b" ? $"a lambda in {owner}.{made.Groups[1].Value}"
            : $"{owner}.{made.Groups[1].Value}.{made.Groups[3].Value}";
    }

    /// <summary>The async method whose state an object of this type keeps; null where it is none.</summary>
    public static string? AsyncMethod(string type)
    {
        // AsyncStateMachineBox<Plugin+<LoopAsync>d__4>, with an outer type that is generic over the result.
        Match box = StateMachineBox().Match(type);
        string inner = box.Success ? box.Groups[1].Value : type;
        return StateMachine().IsMatch(inner) && !inner.StartsWith("System.", StringComparison.Ordinal) ? OfType(inner) : null;
    }

    // <LoopAsync>d__4
    [GeneratedRegex(@"([\w.+`]+?)\+<(\w+)>d(__\d+)?(`\d+)?(?:<[^<>]*>)?$")]
    private static partial Regex StateMachine();

    // <>c, <>c__DisplayClass3_0
    [GeneratedRegex(@"\+<>c(__DisplayClass\d+_\d+)?(`\d+)?")]
    private static partial Regex Closure();

    // <Start>b__3_0, <Start>g__Local|3_0
    [GeneratedRegex(@"^<(.+)>([bg])__(\w*?)(\|?\d+_\d+)?$")]
    private static partial Regex MadeMethod();

    [GeneratedRegex(@"StateMachineBox(?:`\d+)?<(.+)>$")]
    private static partial Regex StateMachineBox();
}
