using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>Asks a worker what it speaks.</summary>
/// <param name="request">The message.</param>
public readonly struct HelloCall(HelloRequest request) : ICall<HelloReply>
{
    /// <inheritdoc/>
    public static ContractMethod Method => WorkerControlContract.Hello;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        HandshakeCodec.Write(ref writer, request);
        writer.EndArray();
    }

    /// <inheritdoc/>
    public static HelloReply ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        return HandshakeCodec.ReadHelloReply(ref reader);
    }

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Asks a worker to load and start its plugin.</summary>
/// <param name="request">The message.</param>
public readonly struct LoadCall(LoadRequest request) : ICall<LoadReply>
{
    /// <inheritdoc/>
    public static ContractMethod Method => WorkerControlContract.Load;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        LoadCodec.Write(ref writer, request);
        writer.EndArray();
    }

    /// <inheritdoc/>
    public static LoadReply ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        return LoadReplyCodec.ReadLoadReply(ref reader);
    }

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Gives the host one event of the worker's log.</summary>
/// <param name="logEvent">The message.</param>
public readonly struct LogCall(LogEvent logEvent) : ICall<NoResult>
{
    /// <inheritdoc/>
    public static ContractMethod Method => HostNotificationsContract.Log;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        NotificationCodec.Write(ref writer, logEvent);
        writer.EndArray();
    }

    /// <inheritdoc/>
    public static NoResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        reader.Skip();
        return default;
    }

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Tells the host that the worker is about to end.</summary>
/// <param name="notice">The message.</param>
public readonly struct DyingCall(DyingNotice notice) : ICall<NoResult>
{
    /// <inheritdoc/>
    public static ContractMethod Method => HostNotificationsContract.Dying;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        NotificationCodec.Write(ref writer, notice);
        writer.EndArray();
    }

    /// <inheritdoc/>
    public static NoResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        reader.Skip();
        return default;
    }

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Asks a worker whether its pool still runs; answers with its clock's timestamp.</summary>
public readonly struct PingCall : ICall<long>
{
    /// <inheritdoc/>
    public static ContractMethod Method => WorkerControlContract.Ping;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(0);
        writer.EndArray();
    }

    /// <inheritdoc/>
    public static long ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        return reader.ReadInt64();
    }

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Asks a worker, or a program of any language, whether its plugin can do its work. Whatever it answers but an error of the check is yes.</summary>
public readonly struct HealthCall : ICall<NoResult>
{
    /// <inheritdoc/>
    public static ContractMethod Method => WorkerControlContract.Health;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(0);
        writer.EndArray();
    }

    /// <inheritdoc/>
    public static NoResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        reader.Skip();
        return default;
    }

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Asks a worker to stop its plugin.</summary>
/// <param name="drainMilliseconds">How long running calls may take to end.</param>
public readonly struct StopCall(int drainMilliseconds) : ICall<StopReply>
{
    /// <inheritdoc/>
    public static ContractMethod Method => WorkerControlContract.Stop;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteInt64(drainMilliseconds);
        writer.EndArray();
    }

    /// <inheritdoc/>
    public static StopReply ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        return LoadReplyCodec.ReadStopReply(ref reader);
    }

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}
