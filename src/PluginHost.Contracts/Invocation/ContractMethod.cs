using System.Text;

namespace PluginHost.Contracts.Invocation;

/// <summary>One method of a contract, as generated. Immutable.</summary>
public sealed class ContractMethod
{
    /// <summary>Creates one; called by generated code.</summary>
    /// <param name="index">The method's index in its contract, from 0, in declaration order.</param>
    /// <param name="name">The CLR name.</param>
    /// <param name="wireName">The name on the wire, <c>Contract.Method</c>.</param>
    public ContractMethod(int index, string name, string wireName)
    {
        Index = index;
        Name = name;
        WireName = wireName;
        _utf8WireName = Encoding.UTF8.GetBytes(wireName);
    }

    private readonly byte[] _utf8WireName;

    /// <summary>The method's index in its contract, from 0.</summary>
    public int Index { get; }

    /// <summary>The CLR name, such as <c>RenderAsync</c>.</summary>
    public string Name { get; }

    /// <summary>The name on the wire, such as <c>Markdown.Render</c>.</summary>
    public string WireName { get; }

    /// <summary>The wire name as UTF-8.</summary>
    public ReadOnlySpan<byte> Utf8WireName => _utf8WireName;

    /// <summary>The deadline of <see cref="CallPolicyAttribute.Timeout"/>, or null.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>True where a lost call may be sent again.</summary>
    public bool IsIdempotent { get; init; }

    /// <summary>True where the method blocks its caller: its result is no task.</summary>
    public bool IsSynchronous { get; init; }

    /// <summary>The parameters' wire names in order, without the token.</summary>
    public IReadOnlyList<string> Parameters { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => WireName;
}
