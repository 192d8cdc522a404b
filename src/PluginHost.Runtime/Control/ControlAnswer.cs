using System.Text.Json;
using System.Text.Json.Serialization;

namespace PluginHost.Runtime.Control;

/// <summary>What a command that gives no figures is answered with. Immutable.</summary>
/// <param name="Error">What went wrong, in words; null where it was done.</param>
internal sealed record ControlAnswer(string? Error)
{
    /// <summary>The document for a problem, or for none.</summary>
    public static byte[] Of(string? problem) => JsonSerializer.SerializeToUtf8Bytes(new ControlAnswer(problem), ControlAnswerJson.Default.ControlAnswer);

    /// <summary>Reads one.</summary>
    /// <exception cref="JsonException">It is not such a document.</exception>
    public static ControlAnswer Read(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize(utf8, ControlAnswerJson.Default.ControlAnswer) ?? throw new JsonException("The answer is null.");
}

/// <summary>The answer's JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ControlAnswer))]
internal sealed partial class ControlAnswerJson : JsonSerializerContext;
