using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fixtures;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Faults;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Transport;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.Worker;

public sealed class HandshakeTests
{
    [Theory]
    [InlineData(9, 12, "json", "9 to 12")]
    [InlineData(1, 1, "carrier pigeon", "carrier pigeon")]
    public async Task A_host_that_a_worker_cannot_speak_with_gets_both_sides_named_and_a_distinct_exit_code(int least, int most, string codec, string named)
    {
        (WorkerProcess process, RpcConnection connection) = await ConnectAsync();

        RpcErrorException refused = await Assert.ThrowsAsync<RpcErrorException>(async () =>
            await connection.CallAsync<HelloCall, HelloReply>(new HelloCall(new HelloRequest(least, most, [codec], "9.9.9", 1)), Shell.Long, CancellationToken.None));
        await connection.DisposeAsync();

        Assert.Contains(named, refused.RemoteMessage);
        Assert.Contains("host (version 9.9.9)", refused.RemoteMessage);
        Assert.Contains("same release", refused.RemoteMessage);
        Assert.Equal(WorkerExitCodes.HandshakeRefused, (await process.Exited.WaitAsync(Shell.Long)).ExitCode);
    }

    [Theory]
    [InlineData("ring", 4096, "expected 12288")]
    [InlineData("carrier pigeon", 8192, "'carrier pigeon' is not known")]
    public async Task A_transport_that_a_worker_cannot_use_is_named_and_the_socket_goes_on(string name, int bytes, string problem)
    {
        using SharedMemory memory = RingTransport.CreateMemory(8192);
        (WorkerProcess process, RpcConnection connection) = await ConnectAsync(memory.Descriptor);
        HelloRequest hello = new(1, 1, ["json"], "9.9.9", 1) { Transports = [new TransportOffer(name, 4, bytes)] };

        HelloReply reply = (await connection.CallAsync<HelloCall, HelloReply>(new HelloCall(hello), Shell.Long, CancellationToken.None)).Value;

        Assert.Equal("socket", reply.Transport);
        Assert.Contains(problem, reply.TransportProblem);
        Assert.True((await connection.CallAsync<PingCall, long>(default, Shell.Long, CancellationToken.None)).Value > 0);
        Assert.False(File.Exists($"/proc/{process.Pid}/fd/4") && new FileInfo($"/proc/{process.Pid}/fd/4").LinkTarget!.Contains("pluginhost-ring"));
        await connection.DisposeAsync();
        await process.Exited.WaitAsync(Shell.Long);
    }

    [Fact]
    public async Task The_end_of_the_channel_ends_the_worker()
    {
        (WorkerProcess process, RpcConnection connection) = await ConnectAsync();
        Assert.True((await connection.CallAsync<PingCall, long>(default, Shell.Long, CancellationToken.None)).Value > 0);

        await connection.DisposeAsync();

        Assert.Equal(WorkerExitCodes.Stopped, (await process.Exited.WaitAsync(Shell.Long)).ExitCode);
    }

    [Fact]
    public async Task Garbage_on_the_channel_ends_the_worker_with_its_own_exit_code()
    {
        WorkerProcess process = await SpawnAsync();
        using Socket socket = new(process.Channel);

        await socket.SendAsync(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3 });

        Assert.Equal(WorkerExitCodes.ProtocolError, (await process.Exited.WaitAsync(Shell.Long)).ExitCode);
    }

    private static async Task<(WorkerProcess, RpcConnection)> ConnectAsync(params IReadOnlyList<SafeHandle> inherited)
    {
        WorkerProcess process = await SpawnAsync(inherited);
        RpcConnection connection = new(new Socket(process.Channel), new RpcOptions(), [], NullLogger.Instance);
        connection.Start();
        return (process, connection);
    }

    private static Task<WorkerProcess> SpawnAsync(params IReadOnlyList<SafeHandle> inherited) => WorkerSpawner.Shared.SpawnAsync(WorkerCommand.Create(
        new ChildOwner(WorkerCommand.ProgramOf(new ProcessTierOptions()), "handshake", null),
        WorkerClass.Of(FixtureRequest.Create("/", Path.GetTempPath(), new DeafObserver(), NullLogger.Instance), PluginTier.Process),
        "-1,0,1048576",
        TimeSpan.FromSeconds(2),
        NullLogger.Instance,
        TimeProvider.System,
        frameworks: null,
        inherited));
}
