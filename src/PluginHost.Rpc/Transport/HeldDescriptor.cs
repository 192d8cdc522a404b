using System.Runtime.InteropServices;

namespace PluginHost.Rpc.Transport;

/// <summary>A descriptor whose number stays its transport's while it is in use, whoever closes it meanwhile.</summary>
internal ref struct HeldDescriptor : IDisposable
{
    private readonly SafeHandle _handle;
    private bool _isHeld;

    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public HeldDescriptor(SafeHandle handle)
    {
        _handle = handle;
        handle.DangerousAddRef(ref _isHeld);
    }

    /// <summary>Its number.</summary>
    public readonly int Number => (int)_handle.DangerousGetHandle();

    /// <inheritdoc/>
    public readonly void Dispose()
    {
        if (_isHeld)
        {
            _handle.DangerousRelease();
        }
    }
}
