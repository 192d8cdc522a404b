using System.Net.Sockets;
using Fixtures;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Connection;
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

    private static async Task<(WorkerProcess, RpcConnection)> ConnectAsync()
    {
        WorkerProcess process = await SpawnAsync();
        RpcConnection connection = new(new Socket(process.Channel), new RpcOptions(), [], NullLogger.Instance);
        connection.Start();
        return (process, connection);
    }

    private static Task<WorkerProcess> SpawnAsync() => WorkerSpawner.Shared.SpawnAsync(WorkerCommand.Create(
        WorkerCommand.ProgramOf(new ProcessTierOptions()),
        FixtureRequest.Create("/", Path.GetTempPath(), new DeafObserver(), NullLogger.Instance),
        "-1,0,1048576",
        TimeProvider.System));
}
