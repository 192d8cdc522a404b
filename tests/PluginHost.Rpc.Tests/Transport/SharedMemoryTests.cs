using Microsoft.Win32.SafeHandles;
using PluginHost.Rpc.Tests.Support;
using PluginHost.Rpc.Transport;
using Xunit;

namespace PluginHost.Rpc.Tests.Transport;

public sealed unsafe class SharedMemoryTests
{
    private const int Bytes = 100_000;

    [Fact]
    public void What_one_side_writes_the_other_reads()
    {
        using SharedMemory host = SharedMemory.Create("test", Bytes);
        using SharedMemory worker = SharedMemory.Open(Descriptors.Duplicate(host.Descriptor), Bytes);

        host.Mapping.Start[Bytes - 1] = 7;

        Assert.Equal(7, worker.Mapping.Start[Bytes - 1]);
        Assert.NotEqual((nint)host.Mapping.Start, (nint)worker.Mapping.Start);
        Assert.Equal(Bytes, worker.Mapping.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Bytes - 1)]
    [InlineData(Bytes + 4096)]
    public void Nobody_can_change_its_size_or_take_the_seals_off(long size)
    {
        using SharedMemory memory = SharedMemory.Create("test", Bytes);

        Assert.Equal(-1, Libc.ftruncate((int)memory.Descriptor.DangerousGetHandle(), (nint)size));
        Assert.Equal(-1, Libc.fcntl((int)memory.Descriptor.DangerousGetHandle(), Libc.AddSeals, 8));
        Assert.Equal(Bytes, RandomAccess.GetLength(memory.Descriptor));
    }

    [Fact]
    public void Memory_of_another_size_is_refused_and_its_descriptor_closed()
    {
        using SharedMemory host = SharedMemory.Create("test", Bytes);
        SafeFileHandle copy = Descriptors.Duplicate(host.Descriptor);

        SharedMemoryException refused = Assert.Throws<SharedMemoryException>(() => SharedMemory.Open(copy, Bytes + 1));

        Assert.Contains("has 100000 bytes; expected 100001", refused.Message);
        Assert.True(copy.IsClosed);
    }

    [Fact]
    public void A_file_that_can_be_truncated_is_refused()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite, FileOptions.DeleteOnClose, 4096);

        Assert.Throws<SharedMemoryException>(() => SharedMemory.Open(Descriptors.Duplicate(file), 4096));
    }

    [Fact]
    public void Memory_that_its_creator_did_not_seal_is_refused()
    {
        fixed (byte* name = "unsealed\0"u8)
        {
            SafeFileHandle descriptor = new(Libc.memfd_create(name, Libc.MemoryCloseOnExec | Libc.MemoryAllowSealing), ownsHandle: true);
            Assert.Equal(0, Libc.ftruncate((int)descriptor.DangerousGetHandle(), Bytes));

            SharedMemoryException refused = Assert.Throws<SharedMemoryException>(() => SharedMemory.Open(descriptor, Bytes));

            Assert.Contains("has the seals 0", refused.Message);
            Assert.True(descriptor.IsClosed);
        }
    }

    [Fact]
    public void Nobody_unmaps_what_somebody_holds()
    {
        SharedMemory memory = SharedMemory.Create("held", Bytes);
        SharedMapping mapping = memory.Mapping;
        mapping.Hold();

        memory.Dispose();

        // Would kill this process if it were unmapped.
        mapping.Start[1] = 3;
        Assert.Equal(3, mapping.Start[1]);
        Assert.True(IsMapped("held"));
        mapping.LetGo();
        Assert.False(IsMapped("held"));
        Assert.Throws<ObjectDisposedException>(mapping.Hold);
    }

    private static bool IsMapped(string name) => File.ReadLines("/proc/self/maps").Any(l => l.Contains($"/memfd:{name} "));
}
