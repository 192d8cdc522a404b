namespace PluginHost.Generators.Model;

/// <summary>A record, class or struct that a contract reaches.</summary>
/// <param name="Type">The type, not nullable.</param>
/// <param name="Members">In the order they are written; those of the constructor first, in its order.</param>
internal sealed record DataModel(TypeRef Type, EquatableArray<MemberModel> Members)
{
    /// <summary>Its accessible constructors, each as its parameters' types; the one that rebuilds it first.</summary>
    public EquatableArray<string> Constructors { get; init; }
}

/// <summary>An enum that a contract reaches.</summary>
/// <param name="Code">The enum in C#, fully qualified.</param>
/// <param name="Underlying">The integer that carries it, in C#.</param>
/// <param name="Values">In the order they are written.</param>
internal sealed record EnumModel(string Code, string Underlying, EquatableArray<EnumValueModel> Values);

/// <summary>A name of an enum.</summary>
/// <param name="Name">The C# name.</param>
/// <param name="Number">Its number.</param>
internal sealed record EnumValueModel(string Name, string Number);

/// <summary>A property or field of a data type.</summary>
/// <param name="Name">The C# name.</param>
/// <param name="WireName">The name on the wire.</param>
/// <param name="Type">The type.</param>
/// <param name="IsParameter">True where the constructor takes it; else it is set in the initializer.</param>
/// <param name="IsRequired">True where a message without it is refused.</param>
/// <param name="MustSet">True for a C# <c>required</c> member that the constructor does not set.</param>
/// <param name="DefaultCode">The constructor's default value in C#; null takes what the constructor leaves in the member.</param>
internal sealed record MemberModel(
    string Name,
    string WireName,
    TypeRef Type,
    bool IsParameter,
    bool IsRequired,
    bool MustSet,
    string? DefaultCode);
