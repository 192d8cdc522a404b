using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Transport;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>The child process that runs one plugin; or, where its arguments say so, the reaper. It ends with its channel, whatever its plugin is doing.</summary>
internal static class Program
{
    private const string HostPidVariable = "PLUGINHOST_HOST_PID";
    private const string MessageLimitVariable = "PLUGINHOST_MAX_MESSAGE";
    private const string HeartbeatVariable = "PLUGINHOST_HEARTBEAT";
    private static readonly TimeSpan s_exitGrace = TimeSpan.FromSeconds(1);

    private static int Main(string[] arguments) => arguments switch
    {
        [WorkerModes.Reap, { } host] => Reaper.Run(host, TimeProvider.System),
        [WorkerModes.Sweep, { } host] => Reaper.Sweep(host),
        _ => RunPlugin(),
    };

    private static int RunPlugin()
    {
        // First of all: from here on the kernel ends this process with its host, unless the host is gone already.
        bool bound = Libc.DieWithParent();
        WorkerArguments? arguments = WorkerArguments.Take(WorkerEnvironment.Descriptor, HostPidVariable, out string? problem);
        if (arguments is null)
        {
            Console.Error.WriteLine(problem);
            return WorkerExitCodes.BadArguments;
        }

        if (!bound || Libc.Parent != arguments.HostPid)
        {
            return WorkerExitCodes.ParentGone;
        }

        if (!Libc.KeepFromChildren(arguments.Descriptor))
        {
            Console.Error.WriteLine($"{WorkerEnvironment.Descriptor} names descriptor {arguments.Descriptor}, which is not open.");
            return WorkerExitCodes.BadArguments;
        }

        PayloadOptions? payloads = PayloadChoice.Take(out problem);
        if (problem is not null)
        {
            Console.Error.WriteLine(problem);
            return WorkerExitCodes.BadArguments;
        }

        using PluginSession session = new(TimeProvider.System);
        RpcOptions options = new()
        {
            ReaderThreadName = "pluginhost channel",
            Dispatch = RpcDispatch.Inline,
            TrustsPeerTrace = true,
            Chain = new WorkerChain(),
            MaxMessageBytes = Number(MessageLimitVariable, new RpcOptions().MaxMessageBytes),
            Payloads = payloads,
        };
        RingTransport transport = new(new SafeFileHandle(arguments.Descriptor, ownsHandle: true));
        session.Transports = new TransportChoice(transport);
        RpcConnection connection = new(transport, options, [session], NullLogger.Instance);
        session.Connection = connection;
        if (Number(HeartbeatVariable, 0) is > 0 and int milliseconds)
        {
            session.Heartbeat = new Heartbeat(connection, TimeSpan.FromMilliseconds((double)milliseconds), TimeProvider.System);
        }

        AppDomain.CurrentDomain.UnhandledException += (_, thrown) => session.Dying(thrown.ExceptionObject);
        connection.Start();

        // This thread belongs to nobody else: a plugin can starve the pool, and still the end of the channel ends the process.
        RpcCloseReason reason = connection.Closed.GetAwaiter().GetResult();
        End(session, reason);
        return 0;
    }

    private static void End(PluginSession session, RpcCloseReason reason)
    {
        if (!session.IsStopped)
        {
            Libc.ExitNow(session.ExitCode ?? reason.Kind switch
            {
                RpcCloseKind.ParseError or RpcCloseKind.ProtocolViolation or RpcCloseKind.LimitExceeded => WorkerExitCodes.ProtocolError,
                _ => WorkerExitCodes.Stopped,
            });
        }

        // A plugin's exit handlers get their moment, and no more than that.
        new Thread(EndAfterGrace) { IsBackground = true, Name = "pluginhost exit" }.Start();
        Environment.Exit(WorkerExitCodes.Stopped);
    }

    private static void EndAfterGrace()
    {
        using ManualResetEventSlim never = new();
        if (!never.Wait(s_exitGrace))
        {
            Libc.ExitNow(WorkerExitCodes.Stopped);
        }
    }

    /// <summary>Takes a number from the environment.</summary>
    private static int Number(string variable, int otherwise)
    {
        string? value = Environment.GetEnvironmentVariable(variable);
        Environment.SetEnvironmentVariable(variable, null);
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : otherwise;
    }
}
