using System.Reflection;
using System.Runtime.Loader;
using PluginHost.Contracts.Faults;

namespace PluginHost.Loading;

/// <summary>Turns what the runtime or a plugin's code throws during a start into one sentence for people and one remedy.</summary>
internal static class LoadFailure
{
    public static PluginLoadException Explain(string pluginId, AssemblyLoadContext context, Exception thrown, string where)
    {
        Exception cause = Innermost(thrown);
        (FaultKind kind, string what, string remedy) = cause switch
        {
            FileNotFoundException { FileName: { } missing } when IsAssembly(missing) => Missing(context, missing),
            BadImageFormatException { FileName: { } bad } => (
                FaultKind.StartFailure,
                $"'{bad}' is not an assembly that this process can load.",
                "Rebuild it for this architecture, or publish the plugin again if the file was damaged."),
            DllNotFoundException => (
                FaultKind.StartFailure,
                $"a native library is missing: {FirstLine(cause.Message)}",
                "Ship it under runtimes/<rid>/native of the plugin's folder, or beside the entry assembly."),
            MissingMethodException or MissingFieldException or TypeLoadException => (
                FaultKind.ContractMismatch,
                $"it was built against another version of a library: {FirstLine(cause.Message)}",
                "Rebuild the plugin against the host's contracts, and ship the versions of its dependencies that it was built with."),
            _ => (
                FaultKind.StartFailure,
                $"{where} threw {thrown.GetType().FullName}: {FirstLine(ThrownException.Read(thrown).Message)}",
                "Read the remote stack in the fault, mend the plugin's start, then reset the plugin."),
        };
        return new PluginLoadException(pluginId, kind, $"Plugin '{pluginId}' could not be started: {what}", remedy)
        {
            Thrown = ThrownException.Read(thrown),
        };
    }

    private static Exception Innermost(Exception thrown)
    {
        Exception cause = thrown;
        while (cause is TargetInvocationException or TypeInitializationException && cause.InnerException is { } inner)
        {
            cause = inner;
        }

        return cause;
    }

    private static (FaultKind Kind, string What, string Remedy) Missing(AssemblyLoadContext context, string missing)
    {
        AssemblyName name = new(missing);
        string? neededBy = context.Assemblies.FirstOrDefault(
            a => a.GetReferencedAssemblies().Any(r => string.Equals(r.Name, name.Name, StringComparison.OrdinalIgnoreCase)))?.GetName().Name;
        return MissingText(name, neededBy is null ? null : $"{neededBy}.dll");
    }

    public static (FaultKind Kind, string What, string Remedy) MissingText(AssemblyName name, string? neededBy) => (
        FaultKind.StartFailure,
        $"{neededBy ?? "it"} needs {name.Name}.dll{(name.Version is null ? "" : $" (version {name.Version})")}, which is neither in the plugin's folder nor shared by the host.",
        $"Publish the plugin with its dependencies (EnableDynamicLoading in its project) so that {name.Name}.dll is in its folder.");

    private static bool IsAssembly(string name) => name.Contains(", Version=", StringComparison.Ordinal) || name.Contains(", Culture=", StringComparison.Ordinal);

    /// <summary>A text up to its first line's end.</summary>
    public static string FirstLine(string text)
    {
        int end = text.AsSpan().IndexOfAny('\r', '\n');
        return end < 0 ? text : text[..end];
    }
}
