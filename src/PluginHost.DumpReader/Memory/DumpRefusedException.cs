namespace PluginHost.DumpReader.Memory;

/// <summary>The dump was not written.</summary>
/// <param name="message">Why, for a person.</param>
/// <param name="bySystem">True where the tool was not let do it, or failed; false where a limit was reached.</param>
internal sealed class DumpRefusedException(string message, bool bySystem) : Exception(message)
{
    /// <summary>True where the tool was not let do it, or failed; false where a limit was reached.</summary>
    public bool BySystem { get; } = bySystem;
}
