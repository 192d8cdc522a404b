namespace PluginHost.Contracts;

/// <summary>
/// Marks the class that implements a plugin's contracts. One a plugin assembly; one instance a load context or worker.
/// Its constructor takes nothing or one <see cref="IPluginContext"/>. It may implement <see cref="IAsyncStartable"/>,
/// <see cref="IAsyncDisposable"/> and <see cref="IDisposable"/>. Its methods are called from several threads at once.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class PluginAttribute : Attribute;
