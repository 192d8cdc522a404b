namespace PluginHost.Generators.Model;

/// <summary>Everything that is emitted for one contract.</summary>
/// <param name="Namespace">The interface's namespace in C#; empty for none.</param>
/// <param name="InterfaceCode">The interface in C#, fully qualified.</param>
/// <param name="FullName">The interface's full name as manifests write it.</param>
/// <param name="Name">The stem of the generated types' names: <c>Markdown</c> for <c>IMarkdown</c>.</param>
/// <param name="WireName">The contract's name on the wire.</param>
/// <param name="Major">The major version.</param>
/// <param name="Methods">By index.</param>
/// <param name="Data">Every data type that the contract reaches.</param>
internal sealed record ContractModel(
    string Namespace,
    string InterfaceCode,
    string FullName,
    string Name,
    string WireName,
    int Major,
    EquatableArray<MethodModel> Methods,
    EquatableArray<DataModel> Data)
{
    /// <summary>Every enum that the contract reaches and the framework does not own.</summary>
    public EquatableArray<EnumModel> Enums { get; init; }
}

/// <summary>What a method gives back.</summary>
internal enum ResultShape
{
    Void,
    Value,
    Task,
    TaskOf,
    ValueTask,
    ValueTaskOf,

    /// <summary>IAsyncEnumerable itself.</summary>
    Sequence,
}

/// <summary>One method of a contract.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Name">The C# name.</param>
/// <param name="DeclaringCode">The interface that declares it, in C#.</param>
/// <param name="WireName">The whole wire name, <c>Contract.Method</c>.</param>
/// <param name="AlternateWireName">The other accepted spelling, or null.</param>
/// <param name="Shape">What it gives back.</param>
/// <param name="ReturnCode">The return type in C#, as declared.</param>
/// <param name="Result">The type of the result; null for none.</param>
/// <param name="Parameters">In order, the token included.</param>
/// <param name="Errors">The declared errors, the most derived first.</param>
/// <param name="TimeoutTicks">The method's own deadline, or null.</param>
/// <param name="IsIdempotent">True where it may be sent again.</param>
internal sealed record MethodModel(
    int Index,
    string Name,
    string DeclaringCode,
    string WireName,
    string? AlternateWireName,
    ResultShape Shape,
    string ReturnCode,
    TypeRef? Result,
    EquatableArray<ParameterModel> Parameters,
    EquatableArray<ErrorModel> Errors,
    long? TimeoutTicks,
    bool IsIdempotent)
{
    /// <summary>True where the interface gives it a body, so that an implementation may lack it.</summary>
    public bool HasBody { get; init; }

    public bool IsAsync => Shape is not (ResultShape.Void or ResultShape.Value);

    /// <summary>True where something that is never copied goes in or comes out.</summary>
    public bool HasLeases => GivesLease || Parameters.Any(p => p.Type is { IsLease: true });

    /// <summary>True where the result outlives the call.</summary>
    public bool GivesLease => Result is { IsLease: true };

    /// <summary>True where an argument ends with the call.</summary>
    public bool Lends => Parameters.Any(p => p.Type is { } type
        && (type.Shape is TypeShape.Progress or TypeShape.AsyncSequence or TypeShape.Stream || type.IsCallScoped));
}

/// <summary>One parameter.</summary>
/// <param name="Name">The C# name, escaped where it is a keyword.</param>
/// <param name="WireName">The name on the wire.</param>
/// <param name="Code">The type in C#, as declared.</param>
/// <param name="Type">The type; null for the token.</param>
/// <param name="DefaultCode">The default value in C#, or null where there is none.</param>
/// <param name="IsPartitionKey">True where it says which worker the call goes to.</param>
internal sealed record ParameterModel(string Name, string WireName, string Code, TypeRef? Type, string? DefaultCode, bool IsPartitionKey = false);

/// <summary>A declared error.</summary>
/// <param name="Code">The exception in C#, fully qualified.</param>
/// <param name="FullName">Its full name as reflection gives it.</param>
/// <param name="Id">An identifier, part of the names of its functions.</param>
/// <param name="Arguments">The constructor's parameters, each with the property it comes from.</param>
internal sealed record ErrorModel(string Code, string FullName, string Id, EquatableArray<MemberModel> Arguments)
{
    /// <summary>Its public constructors, each as its parameters' types; the one that rebuilds it first.</summary>
    public EquatableArray<string> Constructors { get; init; }
}
