using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// One granted host service as a worker may call it: the contract's own dispatcher, and every refusal or fault on the way as a declared error, so that
/// it arrives as itself. Thread-safe.
/// </summary>
internal sealed class ServiceTarget(Dispatcher service) : Dispatcher
{
    /// <inheritdoc/>
    public override ContractDescriptor Contract => service.Contract;

    /// <inheritdoc/>
    public override int Find(ReadOnlySpan<byte> utf8WireName) => service.Find(utf8WireName);

    /// <inheritdoc/>
    public override ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken) =>
        service.InvokeAsync(method, ref arguments, reply, cancellationToken);

    /// <inheritdoc/>
    public override string? FindError(int method, Exception exception) =>
        service.FindError(method, exception) ?? (exception is PluginException ? FaultMessage.TypeName : null);

    /// <inheritdoc/>
    public override void WriteError<TWriter>(int method, Exception exception, ref TWriter writer)
    {
        if (exception is PluginException fault && service.FindError(method, exception) is null)
        {
            FaultCodec.Write(ref writer, FaultMessage.Of(fault));
        }
        else
        {
            service.WriteError(method, exception, ref writer);
        }
    }
}
