using System.Reflection.Metadata;

namespace PluginHost.Cli.Checks;

/// <summary>What is known of a value on the evaluation stack. Immutable.</summary>
/// <param name="Type">Its static type.</param>
internal sealed record Value(TypeName Type)
{
    /// <summary>A value that nothing is known of.</summary>
    public static Value Unknown { get; } = new(TypeName.Unknown);

    /// <summary>The number that it is, where it is a constant.</summary>
    public int? Number { get; init; }

    /// <summary>The text that it is, or that it was looked up by.</summary>
    public string? Text { get; init; }

    /// <summary>The type that a <see cref="System.Type"/> stands for.</summary>
    public TypeName? TypeOf { get; init; }

    /// <summary>The method that a delegate calls; nil where it is not known.</summary>
    public EntityHandle Function { get; init; }

    /// <summary>The static property that it was read from, such as <c>AssemblyLoadContext.Default</c>.</summary>
    public string? ReadFrom { get; init; }
}

/// <summary>A call as code makes it, with what is known of its arguments. Immutable.</summary>
internal sealed record Call
{
    /// <summary>The type that has the method.</summary>
    public required TypeName Type { get; init; }

    /// <summary>The method's name; <c>.ctor</c> for an object that is made.</summary>
    public required string Method { get; init; }

    /// <summary>Whether it is called on an object.</summary>
    public required bool IsInstance { get; init; }

    /// <summary>Whether it makes an object.</summary>
    public required bool IsNew { get; init; }

    /// <summary>The types of its parameters.</summary>
    public required IReadOnlyList<TypeName> Parameters { get; init; }

    /// <summary>Its type arguments.</summary>
    public required IReadOnlyList<TypeName> MethodArguments { get; init; }

    /// <summary>The object that it is called on; null for a static method and for one that is made.</summary>
    public required Value? This { get; init; }

    /// <summary>What is passed.</summary>
    public required IReadOnlyList<Value> Arguments { get; init; }

    /// <summary>Where in the method.</summary>
    public required int Offset { get; init; }

    /// <summary>Whether the result is thrown away at once.</summary>
    public bool IsDropped { get; init; }

    /// <summary>The key of the tables: full type name and method.</summary>
    public string Key => $"{Type.Name}::{Method}";

    /// <summary>For people, such as <c>Timer..ctor</c> as <c>new Timer</c>.</summary>
    public string Text => Method == ".ctor" ? $"new {Type}" : $"{Type}.{Method}";
}
