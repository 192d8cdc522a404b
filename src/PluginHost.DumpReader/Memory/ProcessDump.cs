using Microsoft.Diagnostics.Runtime;

namespace PluginHost.DumpReader.Memory;

/// <summary>An open dump of a .NET process. Not thread-safe.</summary>
internal sealed class ProcessDump : IDisposable
{
    private const string Dac = "libmscordaccore.so";
    private readonly FileStream _file;
    private readonly DataTarget _target;

    private ProcessDump(FileStream file, DataTarget target, ClrRuntime runtime)
    {
        _file = file;
        _target = target;
        Runtime = runtime;
    }

    public ClrRuntime Runtime { get; }

    public ClrHeap Heap => Runtime.Heap;

    /// <summary>Opens a dump and removes its name at once: whatever becomes of this process, the memory of another stays on no disk.</summary>
    /// <param name="path">The dump.</param>
    /// <param name="framework">The folder of the runtime that the process ran on.</param>
    /// <exception cref="InvalidDataException">It holds no .NET process.</exception>
    public static ProcessDump Open(string path, string framework)
    {
        FileStream file = new(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.Read | FileShare.Delete });
        DataTarget? target = null;
        try
        {
            File.Delete(path);
            target = DataTarget.LoadDump(path, file, leaveOpen: true, new DataTargetOptions { FileLocator = new LocalFiles(), SymbolPaths = [] });
            ClrInfo version = target.ClrVersions.FirstOrDefault() ?? throw new InvalidDataException("The dump holds no .NET runtime.");

            // A dump does not tell the runtime's version; the folder is that of the very process.
            return new ProcessDump(file, target, version.CreateRuntime(Path.Combine(framework, Dac), ignoreMismatch: true));
        }
        catch
        {
            target?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>The object that a handle refers to; the null object where it refers to none.</summary>
    /// <param name="handle">The handle as the process has it, tag bits included.</param>
    public ClrObject Behind(ulong handle) => (handle & ~3UL) is > 0 and ulong slot && _target.DataReader.ReadPointer(slot) is > 0 and ulong address
        ? Heap.GetObject(address)
        : default;

    /// <summary>Reads a pointer; 0 where the dump has none there.</summary>
    public ulong Pointer(ulong address) => _target.DataReader.ReadPointer(address);

    /// <inheritdoc/>
    public void Dispose()
    {
        Runtime.Dispose();
        _target.Dispose();
        _file.Dispose();
    }
}
