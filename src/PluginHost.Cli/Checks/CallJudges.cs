using System.Reflection;

namespace PluginHost.Cli.Checks;

/// <summary>The judgements that depend on what a call is given. Pure.</summary>
internal static class CallJudges
{
    private const int LongDelayMilliseconds = 60_000;
    private const string Token = "System.Threading.CancellationToken";
    private static readonly string[] s_members =
    [
        "GetMethod", "GetMethods", "GetField", "GetFields", "GetProperty", "GetProperties", "GetMember", "GetMembers", "GetConstructor", "GetConstructors", "GetEvent",
        "GetEvents", "GetNestedType", "GetNestedTypes", "InvokeMember", "FindMembers", "CreateInstance",
    ];

    private static readonly string[] s_unsafeMarshal = ["Alloc", "Read", "Write", "Copy", "PtrTo", "StructureTo", "Unsafe", "InitHandle"];
    private static readonly string[] s_unsafeMemory = ["GetReference", "CreateSpan", "CreateReadOnlySpan", "GetArrayDataReference"];
    private static readonly string[] s_domainEvents = ["ProcessExit", "AssemblyResolve", "AssemblyLoad", "TypeResolve", "ResourceResolve", "DomainUnload", "UnhandledException", "FirstChanceException", "ReflectionOnlyAssemblyResolve"];

    public static Judgement? Thread(Call call, Scope scope)
    {
        bool isBackground = scope.Calls.Any(c => c is { Key: "System.Threading.Thread::set_IsBackground", Arguments: [{ Number: 1 }] });
        bool watches = call.Arguments is [{ Function.IsNil: false } start, ..] && scope.WatchesToken(start.Function);
        return new Judgement(Rules.Thread, !isBackground ? Severity.Error : watches ? Severity.Note : Severity.Warning);
    }

    public static Judgement? LongRunning(Call call, Scope scope)
    {
        const int longRunning = 2;
        if (!Pairs(call).Any(p => p.Type.Name == "System.Threading.Tasks.TaskCreationOptions" && p.Value.Number is { } options && (options & longRunning) != 0))
        {
            return null;
        }

        bool watches = call.Arguments is [{ Function.IsNil: false } start, ..] && scope.WatchesToken(start.Function);
        return new Judgement(Rules.Thread, watches ? Severity.Note : Severity.Warning);
    }

    public static Judgement? Delay(Call call, Scope scope) =>
        call.Parameters.Any(p => p.Name == Token) || call.Arguments is not [{ } time, ..] ? null
        : time.Number is { } milliseconds && milliseconds is not -1 and < LongDelayMilliseconds ? null
        : new Judgement(Rules.EndlessDelay, time.Number is null ? Severity.Note : Rules.EndlessDelay.Severity);

    public static Judgement? Handle(Call call, Scope scope)
    {
        // 0 and 1 are the weak kinds.
        bool isWeak = call.Arguments is [_, { Number: 0 or 1 }];
        return new Judgement(Rules.GcHandle, isWeak ? Severity.Note : Rules.GcHandle.Severity, "System.Runtime.InteropServices.GCHandle::Free");
    }

    public static Judgement? Registration(Call call, Scope scope) => new(
        Rules.TokenRegistration, Rules.TokenRegistration.Severity, call.IsDropped ? null : "dispose System.Threading.CancellationTokenRegistration");

    public static Judgement? XmlSerializer(Call call, Scope scope) => call.Arguments switch
    {
        [{ TypeOf: { Shape: TypeShape.Plain, Arguments.Count: 0 } }, ..] => null,
        [{ TypeOf: not null }, ..] => new Judgement(Rules.XmlSerializer, Rules.XmlSerializer.Severity),
        [] => null,
        _ => new Judgement(Rules.XmlSerializer, Severity.Warning),
    };

    public static Judgement? LoadBytes(Call call, Scope scope) =>
        call.Parameters is [{ Shape: TypeShape.Array }, ..] ? new Judgement(Rules.LoadOutside, Rules.LoadOutside.Severity) : null;

    public static Judgement? Context(Call call, Scope scope) =>
        Pairs(call).Any(p => p.Type.Name == "System.Boolean" && p.Value.Number == 1) ? null : new Judgement(Rules.LoadOutside, Rules.LoadOutside.Severity);

    public static Judgement? LoadIntoDefault(Call call, Scope scope) =>
        call.This?.ReadFrom == "AssemblyLoadContext.Default" ? new Judgement(Rules.LoadOutside, Rules.LoadOutside.Severity) : null;

    /// <summary>A static event of anybody but the plugin, or one of the objects of which a process has one.</summary>
    public static Judgement? Event(Call call)
    {
        if (!call.Method.StartsWith("add_", StringComparison.Ordinal) || call.Parameters.Count != 1)
        {
            return null;
        }

        string name = call.Method["add_".Length..];
        string undo = $"{call.Type.Name}::remove_{name}";
        if (call.Type.Name == "System.Runtime.Loader.AssemblyLoadContext")
        {
            bool isDefault = call.This?.ReadFrom == "AssemblyLoadContext.Default";
            return !isDefault && name == "Unloading" ? null : new Judgement(Rules.FrameworkEvent, isDefault ? Severity.Error : Severity.Warning, undo);
        }

        return !call.IsInstance || (call.Type.Name == "System.AppDomain" && s_domainEvents.Contains(name))
            ? new Judgement(Rules.FrameworkEvent, Rules.FrameworkEvent.Severity, undo)
            : null;
    }

    public static Judgement? Reflection(Call call, Scope scope)
    {
        if (call.Type.Name is not ("System.Type" or "System.Activator" or "System.Reflection.Assembly"))
        {
            return null;
        }

        if (call.Type.Name == "System.Type" && call is { Method: "GetType", Arguments: [{ Text: { } name }, ..] })
        {
            return IsHosts(name, scope) ? new Judgement(Rules.PrivateReflection, Rules.PrivateReflection.Severity) : null;
        }

        bool isPrivate = s_members.Contains(call.Method)
            && Pairs(call).Any(p => p.Type.Name == "System.Reflection.BindingFlags" && p.Value.Number is { } flags && ((BindingFlags)flags).HasFlag(BindingFlags.NonPublic));
        Value? target = call.This ?? call.Arguments.FirstOrDefault(a => a.TypeOf is not null);
        return !isPrivate || target?.TypeOf?.IsMadeOf(scope.Own) == true ? null
            : new Judgement(Rules.PrivateReflection, target?.TypeOf is null && target?.Text is null ? Severity.Warning : Rules.PrivateReflection.Severity);
    }

    public static Judgement? Json(Call call, Scope scope)
    {
        bool isReflection = call.Type.Name == "System.Text.Json.JsonSerializer"
            && (call.Method.StartsWith("Serialize", StringComparison.Ordinal) || call.Method.StartsWith("Deserialize", StringComparison.Ordinal))
            && !call.Parameters.Any(p => p.Name.StartsWith("System.Text.Json.Serialization.Metadata.JsonTypeInfo", StringComparison.Ordinal) || p.Name == "System.Text.Json.Serialization.JsonSerializerContext");
        return isReflection && (call.MethodArguments.Any(a => a.IsMadeOf(scope.Own)) || call.Arguments.Any(a => a.TypeOf?.IsMadeOf(scope.Own) == true))
            ? new Judgement(Rules.JsonReflection, Rules.JsonReflection.Severity)
            : null;
    }

    public static Judgement? Expression(Call call) =>
        call is { Method: "Compile", Arguments: [{ Number: 1 }] } && call.Type.Name.StartsWith("System.Linq.Expressions.", StringComparison.Ordinal)
            ? new Judgement(Rules.InterpretedExpression, Rules.InterpretedExpression.Severity)
            : null;

    public static Judgement? Memory(Call call) =>
        (call.Type.Name == "System.Runtime.InteropServices.Marshal" && s_unsafeMarshal.Any(p => call.Method.StartsWith(p, StringComparison.Ordinal)))
        || (call.Type.Name == "System.Runtime.InteropServices.MemoryMarshal" && s_unsafeMemory.Contains(call.Method))
            ? new Judgement(Rules.Unsafe, Rules.Unsafe.Severity)
            : null;

    private static IEnumerable<(TypeName Type, Value Value)> Pairs(Call call) => call.Parameters.Zip(call.Arguments);

    // The engine's own types and the framework's innermost ones, which nobody is meant to name.
    private static bool IsHosts(string name, Scope scope) =>
        (name.StartsWith("PluginHost.", StringComparison.Ordinal) && !scope.Own.Any(own => name.StartsWith(own + ".", StringComparison.Ordinal)))
        || name.Contains(", PluginHost.", StringComparison.Ordinal)
        || name.Contains("System.Private.", StringComparison.Ordinal);
}
