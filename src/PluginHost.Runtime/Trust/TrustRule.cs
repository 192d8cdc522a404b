using PluginHost.Contracts;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>One rule of a policy. It matches where everything that it names matches.</summary>
public sealed record TrustRule
{
    /// <summary>The plugin's id, with <c>*</c> for any characters and <c>?</c> for one. Only narrows. Default <c>*</c>.</summary>
    public string Id { get; init; } = "*";

    /// <summary>The publisher that the manifest claims. Only narrows. Default any.</summary>
    public string? Publisher { get; init; }

    /// <summary>The trust granted. More than <see cref="TrustLevel.Untrusted"/> needs <see cref="SignedBy"/> or <see cref="Sha256"/>.</summary>
    public required TrustLevel Trust { get; init; }

    /// <summary>A pinned publisher key: its public key (SubjectPublicKeyInfo) in base64. Signatures are not verified in this release: such a rule matches nothing.</summary>
    public string? SignedBy { get; init; }

    /// <summary>The plugin's content hash: 64 hexadecimal digits.</summary>
    public string? Sha256 { get; init; }

    /// <summary>A remark for people. Default none.</summary>
    public string? Comment { get; init; }
}
