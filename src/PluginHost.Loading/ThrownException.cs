using System.Text;
using PluginHost.Contracts.Faults;

namespace PluginHost.Loading;

/// <summary>What a plugin's code threw, as plain data: keeping the exception itself would keep the plugin's load context in memory.</summary>
/// <param name="Kind">The kind of fault that it is.</param>
/// <param name="Type">The exception's full type name.</param>
/// <param name="Message">Its message, at most <see cref="MaxMessage"/> characters.</param>
/// <param name="Stack">Its stack and those of its causes, at most <see cref="MaxStack"/> characters; null where it has none.</param>
public sealed record ThrownException(FaultKind Kind, string Type, string Message, string? Stack)
{
    /// <summary>The longest message kept, in characters.</summary>
    public const int MaxMessage = 4 * 1024;

    /// <summary>The longest stack kept, in characters.</summary>
    public const int MaxStack = 16 * 1024;

    private const int MaxCauses = 8;

    /// <summary>Reads an exception. Never throws for what the plugin's own overrides do.</summary>
    /// <param name="thrown">The exception.</param>
    /// <param name="cancellationRequested">True where the host or the caller had asked for cancellation.</param>
    public static ThrownException Read(Exception thrown, bool cancellationRequested = false)
    {
        ArgumentNullException.ThrowIfNull(thrown);
        return new ThrownException(KindOf(thrown, cancellationRequested), NameOf(thrown), Cut(MessageOf(thrown), MaxMessage), StackOf(thrown));
    }

    /// <inheritdoc/>
    public override string ToString() => Stack is null ? $"{Type}: {Message}" : $"{Type}: {Message}{Environment.NewLine}{Stack}";

    private static FaultKind KindOf(Exception thrown, bool cancellationRequested) => thrown switch
    {
        OutOfMemoryException => FaultKind.OutOfMemory,
        OperationCanceledException when !cancellationRequested => FaultKind.UnrequestedCancellation,
        _ => FaultKind.Exception,
    };

    private static string NameOf(Exception thrown) => thrown.GetType().FullName ?? thrown.GetType().Name;

    private static string MessageOf(Exception thrown) => Property(thrown, static e => e.Message) ?? "";

    private static string? StackOf(Exception thrown)
    {
        StringBuilder text = new(Property(thrown, static e => e.StackTrace));
        Exception? cause = thrown.InnerException;
        for (int depth = 0; cause is not null && depth < MaxCauses && text.Length < MaxStack; depth++)
        {
            text.Append(text.Length == 0 ? "" : Environment.NewLine)
                .Append(" ---> ").Append(NameOf(cause)).Append(": ").Append(Cut(MessageOf(cause), MaxMessage));
            if (Property(cause, static e => e.StackTrace) is { Length: > 0 } stack)
            {
                text.Append(Environment.NewLine).Append(stack);
            }

            cause = cause.InnerException;
        }

        return text.Length == 0 ? null : Cut(text.ToString(), MaxStack);
    }

    /// <summary>Reads a virtual property of a plugin's exception: the override is the plugin's code too, and may throw.</summary>
    private static string? Property(Exception thrown, Func<Exception, string?> property)
    {
        try
        {
            return property(thrown);
        }
        catch (Exception second)
        {
            return $"(reading it threw {NameOf(second)})";
        }
    }

    private static string Cut(string text, int limit) => text.Length <= limit ? text : string.Concat(text.AsSpan(0, limit - 1), "…");
}
