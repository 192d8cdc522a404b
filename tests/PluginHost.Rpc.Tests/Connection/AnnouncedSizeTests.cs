using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>What a peer says a frame will be costs nothing before its bytes are there. Alone, as it measures the memory of the whole process.</summary>
[Collection("alone")]
public sealed class AnnouncedSizeTests
{
    [Fact]
    public async Task Two_gigabytes_announced_take_no_memory()
    {
        foreach (string stream in (string[])["Content-Length: 2147483647\r\n\r\n", "Content-Length: 16777216\r\n\r\nab"])
        {
            await using HeaderPeer peer = new();
            await peer.AssertLives();
            long before = GC.GetTotalMemory(forceFullCollection: true);

            peer.SendRaw(stream);
            if (stream.Contains("2147483647", StringComparison.Ordinal))
            {
                Assert.Equal(RpcCloseKind.LimitExceeded, (await peer.Closed()).Kind);
            }

            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4 * 1024 * 1024);
        }
    }
}
