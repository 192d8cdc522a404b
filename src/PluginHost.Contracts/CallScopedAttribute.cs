namespace PluginHost.Contracts;

/// <summary>
/// Says that an object handed over in this parameter may be called until its call is answered and no longer. Without it the object may be called
/// until its receiver lets go of it, its owner's plugin stops, or the connection ends.
/// </summary>
/// <remarks>On parameters whose type is a contract; without effect on others.</remarks>
[AttributeUsage(AttributeTargets.Parameter, Inherited = false)]
public sealed class CallScopedAttribute : Attribute;
