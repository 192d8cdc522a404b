using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace PluginHost.Loading;

/// <summary>Finds a plugin's private files: by its deps.json where there is one, else by looking into its folder. Thread-safe.</summary>
internal sealed class PluginFiles
{
    private readonly AssemblyDependencyResolver? _listed;
    private readonly string _folder;

    /// <summary>Creates one.</summary>
    /// <param name="entryPath">The entry assembly's full path.</param>
    /// <param name="isChecked">True where the deps.json was checked by an earlier load.</param>
    /// <exception cref="InvalidOperationException">The runtime cannot read the deps.json.</exception>
    /// <exception cref="FormatException">The deps.json is not as the runtime expects it.</exception>
    /// <exception cref="System.Text.Json.JsonException">The deps.json is no JSON.</exception>
    /// <exception cref="IOException">The deps.json cannot be read.</exception>
    public PluginFiles(string entryPath, bool isChecked = false)
    {
        _folder = Path.GetDirectoryName(entryPath)!;
        string deps = Path.ChangeExtension(entryPath, ".deps.json");
        if (File.Exists(deps))
        {
            if (!isChecked)
            {
                DepsFile.Check(deps);
            }

            _listed = new AssemblyDependencyResolver(entryPath);
        }
    }

    /// <summary>The folder of the plugin's entry.</summary>
    public string Folder => _folder;

    /// <summary>Finds an assembly's file, satellites included.</summary>
    /// <returns>The path and why it is that one, or null.</returns>
    public (string Path, string Because)? FindAssembly(AssemblyName name)
    {
        if (_listed?.ResolveAssemblyToPath(name) is { } listed && IsOwn(listed))
        {
            return (listed, "private: listed in the plugin's deps.json");
        }

        string path = string.IsNullOrEmpty(name.CultureName)
            ? Path.Combine(_folder, $"{name.Name}.dll")
            : Path.Combine(_folder, name.CultureName, $"{name.Name}.dll");
        return File.Exists(path) ? (path, "private: found in the plugin's folder") : null;
    }

    /// <summary>Finds a native library's file, or null.</summary>
    public string? FindNative(string name) =>
        _listed?.ResolveUnmanagedDllToPath(name) is { } listed && IsOwn(listed)
            ? listed
            : NativeCandidates(name).FirstOrDefault(File.Exists);

    // A deps.json may name files above the folder, and the host's own probing paths may find some: neither was checked with the plugin.
    private bool IsOwn(string path) =>
        Path.GetFullPath(path).StartsWith(_folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) && File.Exists(path);

    private IEnumerable<string> NativeCandidates(string name) =>
        from folder in NativeFolders()
        from file in NativeNames(name)
        select Path.Combine(_folder, folder, file);

    private static IEnumerable<string> NativeFolders()
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
#pragma warning disable CA1308 // Runtime identifiers are lower case.
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
#pragma warning restore CA1308
        string[] identifiers = [RuntimeInformation.RuntimeIdentifier, $"{system}-{architecture}", $"unix-{architecture}", system, "unix", "any"];
        return identifiers.Distinct().Select(rid => Path.Combine("runtimes", rid, "native")).Append("");
    }

    private static string[] NativeNames(string name)
    {
        string extension = OperatingSystem.IsWindows() ? ".dll" : OperatingSystem.IsMacOS() ? ".dylib" : ".so";
        return [$"lib{name}{extension}", $"{name}{extension}", name, $"lib{name}"];
    }
}
