namespace PluginHost.Contracts;

/// <summary>
/// Marks the one public method of a plugin's class that says whether the plugin can do its work. The host calls it before a new version, or a
/// worker that takes another's place, gets its first call; one that throws, gives <see langword="false"/> or takes too long does not get any, and what ran before goes on.
/// Takes nothing or one <see cref="CancellationToken"/>; gives nothing, a <see cref="bool"/>, or a <see cref="Task"/> or <see cref="ValueTask"/> of these.
/// Without one the host asks only whether the plugin answers.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HealthCheckAttribute : Attribute;
