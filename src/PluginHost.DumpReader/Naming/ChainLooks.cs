using PluginHost.DumpReader.Memory;

namespace PluginHost.DumpReader.Naming;

/// <summary>What rules ask of chains.</summary>
internal static class ChainLooks
{
    /// <summary>What <see cref="Whose"/> says of names of the runtime and its libraries.</summary>
    public const string Framework = "the framework";

    /// <summary>What <see cref="Whose"/> says of all other names.</summary>
    public const string Application = "the application";

    /// <summary>True where an object on the way is of a type of that name, or of one in that namespace.</summary>
    public static bool Passes(this Chain chain, string name) => chain.Steps.Any(step => Is(step.Type, name));

    /// <summary>True where it begins at a static field, or a class of static fields, or a namespace of that name.</summary>
    public static bool BeginsAt(this Chain chain, string name) => chain.Root.Kind == RootKind.Static && Is(chain.Root.Name, name);

    /// <summary>True where it begins there or passes it.</summary>
    public static bool Touches(this Chain chain, string name) => chain.BeginsAt(name) || chain.Passes(name);

    /// <summary>The steps behind the last object of a type, or of one in a namespace; none where no such object is on the way.</summary>
    public static IEnumerable<Step> Behind(this Chain chain, string name)
    {
        int last = -1;
        for (int i = 0; i < chain.Steps.Count; i++)
        {
            last = Is(chain.Steps[i].Type, name) ? i : last;
        }

        return last < 0 ? [] : chain.Steps.Skip(last + 1);
    }

    /// <summary>True where such an object is on the way, and behind the last one nothing but the framework's: no object of the application has a hand in it.</summary>
    public static bool LeadsFrom(this Chain chain, string name) => chain.Passes(name) && chain.Behind(name).All(step => Whose(step.Type) == Framework);

    /// <summary>True where an object of the second type lies behind the last one of the first, and nothing of the application.</summary>
    public static bool LeadsFrom(this Chain chain, string first, string second) => chain.LeadsFrom(first) && chain.Behind(first).Any(step => Is(step.Type, second));

    /// <summary>The last object of the application on the way, with the field that leads on; null where there is none.</summary>
    public static Step? LastOfApplication(this Chain chain) => chain.Steps.LastOrDefault(step => step.Field is not null && Whose(step.Type) == Application);

    /// <summary>The field of the first object of a type; null where none is on the way.</summary>
    public static string? FieldOf(this Chain chain, string type) => chain.Steps.FirstOrDefault(step => Is(step.Type, type))?.Field;

    /// <summary>True where nothing but callbacks lies between the root and the plugin: what people call an event.</summary>
    public static bool IsEvent(this Chain chain, int from) =>
        chain.Steps.Count > from && chain.End.Kind == EndKind.Method && chain.Steps.Skip(from).All(step => step.Field is "_target" or "_methodBase" or "_invocationList" || step.Type.EndsWith("[]", StringComparison.Ordinal));

    /// <summary>Whose a name is.</summary>
    public static string Whose(string name) =>
        name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal) ? Framework : Application;

    /// <summary>The plugin's end in a sentence.</summary>
    public static string InWords(this PluginEnd end) => end.Kind switch
    {
        EndKind.AsyncMethod => $"the async method {end.Name}",
        EndKind.Type => $"the type {end.Name}",
        EndKind.Object => $"an object of {end.Name}",
        _ => end.Name,
    };

    private static bool Is(string actual, string name) =>
        actual.StartsWith(name, StringComparison.Ordinal) && (actual.Length == name.Length || name[^1] == '.' || actual[name.Length] is '.' or '<' or '[');
}
