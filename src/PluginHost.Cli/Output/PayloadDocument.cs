namespace PluginHost.Cli.Output;

/// <summary>What <c>bench payload --json</c> prints.</summary>
internal sealed record PayloadDocument(MachineLine Machine, IReadOnlyList<MemcpyLine> Memcpy, IReadOnlyList<PayloadLine> Runs);

/// <summary>A copy between two warm buffers, in the same run.</summary>
internal sealed record MemcpyLine(int Bytes, double GigabytesPerSecond);

/// <summary>One way of a large value to or from a plugin.</summary>
/// <param name="Path"><c>sharedMemory</c>, <c>ring</c> or <c>socket</c> (in the message), or <c>chunks</c>.</param>
/// <param name="Direction"><c>toWorker</c> or <c>fromWorker</c>.</param>
/// <param name="Type">The type in the contract.</param>
/// <param name="Bytes">The value's size. Values up to 64 KiB are in the message on every path.</param>
/// <param name="GigabytesPerSecond">One call after the other, the median of the rounds.</param>
/// <param name="TimesMemcpy">Over a copy of the same size.</param>
internal sealed record PayloadLine(string Path, string Direction, string Type, int Bytes, double GigabytesPerSecond, double TimesMemcpy);
