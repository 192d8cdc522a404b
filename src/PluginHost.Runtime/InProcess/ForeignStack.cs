using System.Diagnostics;
using System.Reflection;
using System.Runtime.Loader;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.InProcess;

/// <summary>Whose the code of a frame is.</summary>
internal enum FrameCode
{
    /// <summary>The framework's, or made at run time: it runs whatever it was given, so it says nothing.</summary>
    Neutral,

    /// <summary>A plugin's.</summary>
    Plugin,

    /// <summary>The application's, or a library's of it.</summary>
    Application,
}

/// <summary>Where an exception came from, as far as its frames tell. No code of the plugin runs to find that out.</summary>
/// <param name="Owner">The plugin's generation.</param>
/// <param name="Method">The innermost method of the plugin.</param>
/// <param name="Stack">The frames as text.</param>
/// <param name="Seen">The framework's method that says what ran the plugin's; null where only the thread tells.</param>
internal sealed record ForeignOrigin(ForeignOwner Owner, string Method, string Stack, ForeignPlace? Seen);

/// <summary>
/// Finds the plugin whose work an exception has ended. That is the plugin whose frame is the outermost, the framework's own left out: what runs there was
/// begun by it. Where the application's code lies farther out it was that code's to catch, and the application cannot go on as if it had.
/// </summary>
internal static class ForeignStack
{
    private const int MostCauses = 16;
    private const int LongestStack = 16 * 1024;

    // Whoever signs so makes what all code stands on; their private copies in a plugin's folder are the plugin's all the same.
    private static readonly string[] s_frameworkTokens =
        ["7CEC85D7BEA7798E", "B03F5F7F11D50A3A", "B77A5C561934E089", "CC7B13FFCD2DDD51", "ADB9793829DDAE60", "31BF3856AD364E35"];

    /// <summary>Finds it; null where it cannot be said to be a plugin's.</summary>
    /// <param name="thrown">What nobody caught.</param>
    /// <param name="ownerOf">Gives the plugin of a load context, or null.</param>
    public static ForeignOrigin? Find(Exception thrown, Func<AssemblyLoadContext, ForeignOwner?> ownerOf) => Find(thrown, ownerOf, MostCauses).Origin;

    private static (bool IsDecided, ForeignOrigin? Origin) Find(Exception thrown, Func<AssemblyLoadContext, ForeignOwner?> ownerOf, int causes)
    {
        // Not the exception's own StackTrace: a plugin's type may override that.
        StackTrace trace = new(thrown, fNeedFileInfo: false);
        StackFrame[] frames = trace.GetFrames();
        for (int i = frames.Length - 1; i >= 0; i--)
        {
            switch (CodeOf(frames[i], ownerOf, out ForeignOwner? owner))
            {
                case FrameCode.Application:
                    return (true, null);
                case FrameCode.Plugin:
                    string text = trace.ToString();
                    return (true, new ForeignOrigin(owner!, Innermost(frames, owner!, ownerOf), text.Length > LongestStack ? text[..LongestStack] : text, PlaceOf(frames)));
            }
        }

        // Only the framework's: it wrapped what the code it ran has thrown.
        foreach (Exception cause in causes == 0 ? [] : CausesOf(thrown))
        {
            (bool isDecided, ForeignOrigin? origin) = Find(cause, ownerOf, causes - 1);
            if (isDecided)
            {
                return (true, origin is null ? null : origin with { Seen = PlaceOf(frames) ?? origin.Seen });
            }
        }

        return (false, null);
    }

    private static Exception[] CausesOf(Exception thrown) => thrown switch
    {
        AggregateException several => [.. several.InnerExceptions],
        { InnerException: { } one } => [one],
        _ => [],
    };

    private static FrameCode CodeOf(StackFrame frame, Func<AssemblyLoadContext, ForeignOwner?> ownerOf, out ForeignOwner? owner)
    {
        owner = null;
        Assembly? assembly = frame.GetMethod()?.Module.Assembly;
        if (assembly is null || assembly.IsDynamic)
        {
            return FrameCode.Neutral;
        }

        if (AssemblyLoadContext.GetLoadContext(assembly) is { } context && (owner = ownerOf(context)) is not null)
        {
            return FrameCode.Plugin;
        }

        byte[]? token = assembly.GetName().GetPublicKeyToken();
        return token is not null && s_frameworkTokens.Contains(Convert.ToHexString(token)) ? FrameCode.Neutral : FrameCode.Application;
    }

    private static string Innermost(StackFrame[] frames, ForeignOwner owner, Func<AssemblyLoadContext, ForeignOwner?> ownerOf)
    {
        foreach (StackFrame frame in frames)
        {
            if (CodeOf(frame, ownerOf, out ForeignOwner? of) == FrameCode.Plugin && of == owner && frame.GetMethod() is { } method)
            {
                return method.DeclaringType is { } type ? $"{type.FullName ?? type.Name}.{method.Name}" : method.Name;
            }
        }

        return "";
    }

    // By names of the framework's own that may change with it: then the thread has to tell, which is less and not wrong.
    private static ForeignPlace? PlaceOf(StackFrame[] frames)
    {
        for (int i = frames.Length - 1; i >= 0; i--)
        {
            MethodBase? method = frames[i].GetMethod();
            switch (method?.DeclaringType?.FullName)
            {
                case "System.Threading.TimerQueueTimer":
                    return ForeignPlace.Timer;
                case "System.GC":
                    return ForeignPlace.Finalizer;
                case { } type when method.Name.StartsWith("<ThrowAsync>", StringComparison.Ordinal) && type.StartsWith("System.", StringComparison.Ordinal):
                    return ForeignPlace.AsyncVoid;
            }
        }

        return null;
    }
}
