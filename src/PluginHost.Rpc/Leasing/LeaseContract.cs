using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Leasing;

/// <summary>What may be asked of every side that handed something out.</summary>
internal sealed class LeaseContract : ContractDescriptor
{
    public static readonly ContractMethod Next = new(0, "Next", "$/enumerator/next") { Parameters = ["token"] };

    public static LeaseContract Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "PluginHost.Leases";

    /// <inheritdoc/>
    public override int Major => 1;

    /// <inheritdoc/>
    public override Type InterfaceType => typeof(SequenceSource);

    /// <inheritdoc/>
    public override IReadOnlyList<ContractMethod> Methods { get; } = [Next];

    /// <inheritdoc/>
    public override object CreateProxy(IInvoker invoker) => throw HandWritten();

    /// <inheritdoc/>
    public override Guard CreateGuard(GuardSite site) => throw HandWritten();

    /// <inheritdoc/>
    public override Dispatcher CreateDispatcher(object target) => throw HandWritten();

    private static NotSupportedException HandWritten() => new("Steps of sequences are asked for by the sequences themselves.");
}

/// <summary>Answers the steps of this side's sequences.</summary>
internal sealed class StepDispatcher(TokenTable<SequenceSource> sequences) : Dispatcher
{
    /// <inheritdoc/>
    public override ContractDescriptor Contract => LeaseContract.Instance;

    /// <inheritdoc/>
    public override int Find(ReadOnlySpan<byte> utf8WireName) => utf8WireName.SequenceEqual(LeaseContract.Next.Utf8WireName) ? 0 : -1;

    /// <inheritdoc/>
    public override ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken)
    {
        if (!LeaseMessages.TryReadNumber(ref arguments, "token"u8, out long token))
        {
            throw new ValueFormatException("A step names no sequence; expected its token, an integer.");
        }

        return sequences.TryFind(token, out SequenceSource? source) ? source.NextAsync(reply, cancellationToken) : throw new LeaseGoneException();
    }

    /// <inheritdoc/>
    public override string? FindError(int method, Exception exception) => (exception as DeclaredSequenceException)?.Type;

    /// <inheritdoc/>
    public override void WriteError<TWriter>(int method, Exception exception, ref TWriter writer) =>
        ((DeclaredSequenceException)exception).WriteValue(ref writer);
}
