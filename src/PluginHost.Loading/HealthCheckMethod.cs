using System.Reflection;
using System.Runtime.CompilerServices;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;

namespace PluginHost.Loading;

/// <summary>Finds and runs the method of a plugin's class that is marked <see cref="HealthCheckAttribute"/>.</summary>
internal static class HealthCheckMethod
{
    /// <summary>The method; null where the plugin has none.</summary>
    /// <exception cref="PluginLoadException">There are several, or it cannot be called so.</exception>
    public static MethodInfo? Find(string pluginId, Type plugin)
    {
        MethodInfo[] marked =
        [
            .. plugin.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static)
                .Where(m => m.IsDefined(typeof(HealthCheckAttribute), inherit: true)),
        ];
        if (marked.Length > 1)
        {
            throw Failure(
                pluginId,
                $"{plugin.FullName} has {marked.Length} methods marked [HealthCheck]: {string.Join(", ", marked.Select(m => m.Name))}.",
                "Keep [HealthCheck] on one method.");
        }

        return marked is not [{ } method] || Fits(method) ? marked.FirstOrDefault() : throw Failure(
            pluginId,
            $"its health check {plugin.FullName}.{method} cannot be called.",
            "Make it a public method of the object that takes nothing or one CancellationToken and gives nothing, a bool, or a Task or ValueTask of these.");
    }

    /// <summary>Calls it and awaits what it gives.</summary>
    /// <returns>False where it says so.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static async Task<bool> RunAsync(MethodInfo method, object plugin, CancellationToken cancellationToken)
    {
        object?[] arguments = method.GetParameters().Length == 0 ? [] : [cancellationToken];
        switch (method.Invoke(plugin, BindingFlags.DoNotWrapExceptions, binder: null, arguments, culture: null))
        {
            case bool isHealthy:
                return isHealthy;
            case Task<bool> task:
                return await task.ConfigureAwait(false);
            case ValueTask<bool> task:
                return await task.ConfigureAwait(false);
            case Task task:
                await task.ConfigureAwait(false);
                return true;
            case ValueTask task:
                await task.ConfigureAwait(false);
                return true;
            default:
                return true;
        }
    }

    private static bool Fits(MethodInfo method) =>
        method is { IsPublic: true, IsStatic: false, IsGenericMethodDefinition: false }
        && method.GetParameters().All(p => p.ParameterType == typeof(CancellationToken)) && method.GetParameters().Length <= 1
        && (method.ReturnType == typeof(void) || method.ReturnType == typeof(bool) || method.ReturnType == typeof(Task) || method.ReturnType == typeof(Task<bool>)
            || method.ReturnType == typeof(ValueTask) || method.ReturnType == typeof(ValueTask<bool>));

    private static PluginLoadException Failure(string pluginId, string what, string remedy) =>
        new(pluginId, FaultKind.StartFailure, $"Plugin '{pluginId}' cannot be checked: {what}", remedy);
}
