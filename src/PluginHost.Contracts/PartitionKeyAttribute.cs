namespace PluginHost.Contracts;

/// <summary>
/// Says that calls with the same value of this parameter go to the same worker, where the plugin has several (<c>"workers"</c> in its manifest): for
/// plugins that keep state for a key. Without effect where there is one worker, and in-process.
/// </summary>
/// <remarks>
/// At most one parameter of a method, a whole number, <see cref="char"/>, <see cref="string"/>, <see cref="Guid"/> or enum (PH0023). The state of a key
/// lives in one worker's memory: it is lost when that worker ends, as a single worker's would be. Keys are compared by value; a null is a key of its own.
/// </remarks>
[AttributeUsage(AttributeTargets.Parameter, Inherited = false)]
public sealed class PartitionKeyAttribute : Attribute;
