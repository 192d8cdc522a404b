namespace PluginHost.Contracts;

/// <summary>How the host calls a contract's method.</summary>
[AttributeUsage(AttributeTargets.Method, Inherited = false)]
public sealed class CallPolicyAttribute : Attribute
{
    /// <summary>
    /// The longest time from call to answer, as <c>hh:mm:ss[.fff]</c>; default is the manifest's or the operator's <c>limits.callTimeout</c>.
    /// In-process it counts from the first suspension: a synchronous method owns its caller's thread and cannot be timed out.
    /// </summary>
    public string? Timeout { get; init; }

    /// <summary>
    /// True where calling twice is the same as calling once. A call lost to a crash is then retried once within its deadline. Default false.
    /// </summary>
    public bool Idempotent { get; init; }
}

/// <summary>Declares an error of a contract's method: rebuilt as the same type on every tier, counted as status <c>error</c>, never a fault.</summary>
/// <typeparam name="TException">
/// A type of the contract's assembly or the framework, with a public constructor whose parameters match readable properties by name
/// (<c>message</c> matches <see cref="Exception.Message"/>).
/// </typeparam>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true, Inherited = false)]
public sealed class ThrowsAttribute<TException> : Attribute
    where TException : Exception;

/// <summary>Sets a method's name on the wire; default is the method's name without a trailing <c>Async</c>.</summary>
[AttributeUsage(AttributeTargets.Method, Inherited = false)]
public sealed class WireNameAttribute : Attribute
{
    /// <summary>Creates one.</summary>
    /// <param name="name">1 to 128 characters, without <c>/</c> and <c>.</c>, not starting with <c>$</c> or <c>rpc.</c>.</param>
    public WireNameAttribute(string name) => Name = name;

    /// <summary>The name.</summary>
    public string Name { get; }
}
