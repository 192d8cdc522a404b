using System.Reflection;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;

namespace PluginHost.Rpc.Connection;

/// <summary>
/// Compiles what a first call of a contract would wait for: its dispatcher, its results, and this library's generic code for them. Nothing of it runs.
/// For a process that has time now and will not have it when the call comes. What cannot be compiled is left to the call that needs it. Thread-safe.
/// </summary>
public static class CallPreparation
{
    /// <summary>The most methods that are compiled for one contract: a larger one is prepared in part. About 0.3 ms of processor time each.</summary>
    public const int MostMethods = 256;

    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly MethodInfo s_send = typeof(IncomingCall).GetMethod(nameof(IncomingCall.Send))!;
    private static readonly MethodInfo s_writeResult = typeof(CallEncoder).GetMethod(nameof(CallEncoder.WriteResult))!;

    /// <summary>Prepares the answering side of a contract.</summary>
    /// <param name="dispatcher">The contract's dispatcher, of any target.</param>
    /// <param name="codec">The codec that calls will come in.</param>
    public static void Prepare(Dispatcher dispatcher, RpcCodec codec)
    {
        ArgumentNullException.ThrowIfNull(dispatcher);
        Type reader = codec == RpcCodec.Json ? typeof(JsonValueReader) : typeof(MessagePackValueReader);
        Type writer = codec == RpcCodec.Json ? typeof(JsonValueWriter) : typeof(MessagePackValueWriter);
        Type type = dispatcher.GetType();
        int left = MostMethods;
        PrepareAll(type, reader, writer, ref left);
        PrepareAll(dispatcher.Contract.GetType(), reader, writer, ref left);
        foreach (Type result in TypesOf(type.Assembly))
        {
            if (left <= 0)
            {
                return;
            }

            if (result is { IsValueType: true, ContainsGenericParameters: false } && typeof(IResult).IsAssignableFrom(result) && result.Namespace == type.Namespace)
            {
                PrepareAll(result, reader, writer, ref left);
                Compile(s_send, result, ref left);
                Compile(s_writeResult, result, ref left);
            }
        }
    }

    /// <summary>Prepares an object's own methods of an interface.</summary>
    /// <param name="target">The object.</param>
    /// <param name="contract">An interface that it implements.</param>
    public static void PrepareTarget(object target, Type contract)
    {
        ArgumentNullException.ThrowIfNull(target);
        int left = MostMethods;
        foreach (MethodInfo method in target.GetType().GetInterfaceMap(contract).TargetMethods)
        {
            Compile(method, null, ref left);
        }
    }

    private static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException some)
        {
            return some.Types.OfType<Type>();
        }
    }

    private static void PrepareAll(Type type, Type reader, Type writer, ref int left)
    {
        foreach (MethodBase method in type.GetMethods(Own).Cast<MethodBase>().Concat(type.GetConstructors(Own)))
        {
            if (!method.IsGenericMethodDefinition)
            {
                Compile(method, null, ref left);
            }
            else if (method.GetGenericArguments() is [{ } only])
            {
                Type[] bounds = only.GetGenericParameterConstraints();
                Type? with = bounds.Contains(typeof(IValueReader)) ? reader : bounds.Contains(typeof(IValueWriter)) ? writer : null;
                if (with is not null)
                {
                    Compile(method, with, ref left);
                }
            }
        }
    }

    private static void Compile(MethodBase method, Type? argument, ref int left)
    {
        if (left-- <= 0 || method.IsAbstract || method.DeclaringType!.ContainsGenericParameters)
        {
            return;
        }

        try
        {
            if (argument is null)
            {
                RuntimeHelpers.PrepareMethod(method.MethodHandle);
            }
            else
            {
                RuntimeHelpers.PrepareMethod(method.MethodHandle, [argument.TypeHandle]);
            }
        }
        catch (Exception unfit) when (unfit is not OutOfMemoryException)
        {
            // A type of it is missing, or its code is none: the call that runs it meets the same, and tells it with its name.
            left++;
        }
    }
}
