using System.Runtime.InteropServices;
using PluginHost.Loading.Tests.Support;

namespace PluginHost.Loading.Tests;

public sealed class PluginFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _extension = OperatingSystem.IsWindows() ? ".dll" : OperatingSystem.IsMacOS() ? ".dylib" : ".so";

    [Theory]
    [InlineData("codec", "libcodec")]
    [InlineData("libcodec", "libcodec")]
    public void A_native_library_beside_the_entry_is_found_by_its_short_name(string asked, string file)
    {
        string path = Touch(file + _extension);

        Assert.Equal(path, Files().FindNative(asked));
    }

    [Fact]
    public void A_native_library_of_this_runtime_comes_before_one_beside_the_entry()
    {
        Touch("libcodec" + _extension);
        string path = Touch(Path.Combine("runtimes", RuntimeInformation.RuntimeIdentifier, "native", "libcodec" + _extension));
        Touch(Path.Combine("runtimes", "vax-vms", "native", "libcodec" + _extension));

        Assert.Equal(path, Files().FindNative("codec"));
    }

    [Fact]
    public void A_native_library_of_another_runtime_is_not_found()
    {
        Touch(Path.Combine("runtimes", "vax-vms", "native", "libcodec" + _extension));

        Assert.Null(Files().FindNative("codec"));
    }

    public void Dispose() => _folder.Dispose();

    private PluginFiles Files() => new(Path.Combine(_folder.Path, "Entry.dll"));

    private string Touch(string relative)
    {
        string path = Path.Combine(_folder.Path, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "");
        return path;
    }
}
