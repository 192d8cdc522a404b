using System.Collections.Concurrent;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>A contract whose handlers do what a test says, on the thread they are called on.</summary>
internal sealed class StageContract : ContractDescriptor
{
    public static readonly ContractMethod Quick = new(0, "Quick", "Stage.Quick");
    public static readonly ContractMethod Act = new(1, "Act", "Stage.Act");
    public static readonly ContractMethod Note = new(2, "Note", "Stage.Note");

    public static StageContract Instance { get; } = new();

    public override string Name => "PluginHost.Rpc.Tests.IStage";

    public override int Major => 1;

    public override Type InterfaceType => typeof(StageDispatcher);

    public override IReadOnlyList<ContractMethod> Methods { get; } = [Quick, Act, Note];

    public override object CreateProxy(IInvoker invoker) => throw new NotSupportedException();

    public override Guard CreateGuard(GuardSite site) => throw new NotSupportedException();

    public override Dispatcher CreateDispatcher(object target) => throw new NotSupportedException();
}

/// <summary>Gives its argument back at once.</summary>
internal readonly struct QuickCall(int key) : ICall<int>
{
    public static ContractMethod Method => StageContract.Quick;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => StageArguments.Write(ref writer, key);

    public static int ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Does what the stage's <see cref="StageDispatcher.Act"/> says and gives its argument back.</summary>
internal readonly struct ActCall(int key) : ICall<int>
{
    public static ContractMethod Method => StageContract.Act;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => StageArguments.Write(ref writer, key);

    public static int ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>A notification.</summary>
internal readonly struct NoteCall(int key) : ICall<NoResult>
{
    public static ContractMethod Method => StageContract.Note;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => StageArguments.Write(ref writer, key);

    public static NoResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => default;

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>The stage's callee.</summary>
internal sealed class StageDispatcher : Dispatcher
{
    public override ContractDescriptor Contract => StageContract.Instance;

    /// <summary>What Act does before it answers.</summary>
    public Action<int, CancellationToken> Act { get; set; } = static (_, _) => { };

    /// <summary>What Note does.</summary>
    public Action<int> Note { get; set; } = static _ => { };

    /// <summary>Every call in the order in which its handler began.</summary>
    public ConcurrentQueue<(string Method, int Key)> Begun { get; } = new();

    /// <summary>The threads that ran Quick last.</summary>
    public ConcurrentDictionary<string, int> QuickThreads { get; } = new();

    public override int Find(ReadOnlySpan<byte> utf8WireName)
    {
        foreach (ContractMethod method in StageContract.Instance.Methods)
        {
            if (utf8WireName.SequenceEqual(method.Utf8WireName))
            {
                return method.Index;
            }
        }

        return -1;
    }

    public override ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken)
    {
        ValueScope scope = arguments.BeginArray();
        arguments.NextElement(ref scope);
        int key = arguments.ReadInt32();
        Begun.Enqueue((StageContract.Instance.Methods[method].Name, key));
        switch (method)
        {
            case 0:
                QuickThreads.AddOrUpdate(Thread.CurrentThread.Name ?? "pool", 1, static (_, count) => count + 1);
                break;
            case 1:
                Act(key, cancellationToken);
                break;
            default:
                Note(key);
                break;
        }

        reply.Send(new KeyResult(key));
        return ValueTask.CompletedTask;
    }

    public override string? FindError(int method, Exception exception) => null;

    public override void WriteError<TWriter>(int method, Exception exception, ref TWriter writer) => throw new NotSupportedException();

    private readonly struct KeyResult(int key) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.WriteInt64(key);
    }
}

/// <summary>One integer as a call's arguments.</summary>
internal static class StageArguments
{
    public static void Write<TWriter>(ref TWriter writer, int key)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteInt64(key);
        writer.EndArray();
    }
}
