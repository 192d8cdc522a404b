using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>A declared error of the probe contract.</summary>
public sealed class NotFoundException(string key) : Exception($"There is no '{key}'.")
{
    public string Key { get; } = key;
}

/// <summary>The probe contract, written by hand as the generator would.</summary>
internal sealed class ProbeContract : ContractDescriptor
{
    public static readonly ContractMethod Add = new(0, "Add", "Probe.Add") { Parameters = ["a", "b"] };
    public static readonly ContractMethod Echo = new(1, "Echo", "Probe.Echo") { Parameters = ["text"] };
    public static readonly ContractMethod Wait = new(2, "WaitAsync", "Probe.Wait");
    public static readonly ContractMethod Fail = new(3, "Fail", "Probe.Fail");
    public static readonly ContractMethod Number = new(4, "Number", "Probe.Number");
    public static readonly ContractMethod Tell = new(5, "Tell", "Probe.Tell") { Parameters = ["größe"] };

    public static ProbeContract Instance { get; } = new();

    public override string Name => "PluginHost.Rpc.Tests.IProbe";

    public override int Major => 1;

    public override Type InterfaceType => typeof(ProbeDispatcher);

    public override IReadOnlyList<ContractMethod> Methods { get; } = [Add, Echo, Wait, Fail, Number, Tell];

    public override object CreateProxy(IInvoker invoker) => throw new NotSupportedException();

    public override Guard CreateGuard(GuardSite site) => throw new NotSupportedException();

    public override Dispatcher CreateDispatcher(object target) => throw new NotSupportedException();
}

/// <summary>Adds two integers.</summary>
public readonly struct AddCall(int a, int b) : ICall<int>
{
    public static ContractMethod Method => ProbeContract.Add;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(2);
        writer.WriteInt64(a);
        writer.WriteInt64(b);
        writer.EndArray();
    }

    public static int ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Gives a string back, or fails while it is written.</summary>
public readonly struct EchoCall(string text, bool failsWhenWritten = false) : ICall<string?>
{
    public static ContractMethod Method => ProbeContract.Echo;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteString(text);
        if (failsWhenWritten)
        {
            throw new InvalidOperationException("The getter failed.");
        }

        writer.EndArray();
    }

    public static string? ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadString();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Waits in the callee until the test lets it go, or it is cancelled.</summary>
public readonly struct WaitCall(int key) : ICall<int>
{
    public static ContractMethod Method => ProbeContract.Wait;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteInt64(key);
        writer.EndArray();
    }

    public static int ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Fails in the way that is named.</summary>
public readonly struct FailCall(string how) : ICall<NoResult>
{
    public static ContractMethod Method => ProbeContract.Fail;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteString(how);
        writer.EndArray();
    }

    public static NoResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        reader.Skip();
        return default;
    }

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct =>
        type == typeof(NotFoundException).FullName ? new NotFoundException(reader.ReadString()!) : null;
}

/// <summary>Sends an integer in place of two: its arguments do not fit.</summary>
public readonly struct BadAddCall : ICall<int>
{
    public static ContractMethod Method => ProbeContract.Add;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(2);
        writer.WriteString("one");
        writer.WriteString("two");
        writer.EndArray();
    }

    public static int ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Asks for a number that the callee gives as a float, so that a codec may be unable to write it.</summary>
public readonly struct NumberCall(int which) : ICall<double>
{
    public static ContractMethod Method => ProbeContract.Number;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteInt64(which);
        writer.EndArray();
    }

    public static double ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadDouble();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>A notification with an integer.</summary>
public readonly struct TellCall(int value) : ICall<NoResult>
{
    public static ContractMethod Method => ProbeContract.Tell;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteInt64(value);
        writer.EndArray();
    }

    public static NoResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        reader.Skip();
        return default;
    }

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>A method that nobody has.</summary>
public readonly struct UnknownCall : ICall<int>
{
    private static readonly ContractMethod s_method = new(0, "Nope", "Probe.Nope");

    public static ContractMethod Method => s_method;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(0);
        writer.EndArray();
    }

    public static int ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}
