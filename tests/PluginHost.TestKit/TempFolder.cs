namespace PluginHost.TestKit;

/// <summary>A folder of a test's own under the system's temporary folder, removed with all it holds at the end.</summary>
public sealed class TempFolder : IDisposable
{
    /// <summary>Creates the folder, open to its owner alone.</summary>
    public TempFolder() => Path = Directory.CreateTempSubdirectory("pluginhost-test-").FullName;

    /// <summary>Its absolute path.</summary>
    public string Path { get; }

    /// <summary>Joins names to the folder's path; creates nothing.</summary>
    public string this[params ReadOnlySpan<string> names] => System.IO.Path.Combine([Path, .. names]);

    /// <summary>Writes a file, with its folders.</summary>
    /// <param name="name">A path relative to the folder.</param>
    /// <param name="text">The content, written as UTF-8 without a byte order mark.</param>
    /// <returns>The absolute path.</returns>
    public string Write(string name, string text)
    {
        string path = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Creates a folder in the folder.</summary>
    /// <returns>Its absolute path.</returns>
    public string Folder(string name) => Directory.CreateDirectory(this[name]).FullName;

    /// <summary>Copies a folder's files, with its subfolders, into a folder in this one.</summary>
    /// <returns>The copy's absolute path.</returns>
    public string CopyOf(string source, string name)
    {
        string target = Folder(name);
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = System.IO.Path.Combine(target, System.IO.Path.GetRelativePath(source, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }

        return target;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
