using PluginHost.Contracts.Faults;
using PluginHost.FixturePlugins;
using PluginHost.Loading.Tests.Support;

namespace PluginHost.Loading.Tests;

public sealed class PluginRequirementsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public PluginRequirementsTests() => FixtureFolder.CopyOf("Fixtures.Plain", _folder.Path);

    [Theory]
    [InlineData("""{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"99.0.0"}}}""", "it needs Microsoft.NETCore.App 99.0.0, and this process runs on ")]
    [InlineData("""{"runtimeOptions":{"frameworks":[{"name":"Microsoft.NETCore.App","version":"8.0.0"},{"name":"Vendor.Desktop.App","version":"1.0.0"}]}}""", "it needs the shared framework Vendor.Desktop.App 1.0.0, and this process runs without it")]
    [InlineData("""{"runtimeOptions":{"includedFrameworks":[{"name":"Microsoft.NETCore.App","version":"10.0.0"}]}}""", "was published self-contained")]
    [InlineData("""{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"ten"}}}""", "the version 'ten' of Microsoft.NETCore.App is none")]
    [InlineData("""{"runtimeOptions":{"framework":{"version":"10.0.0"}}}""", "a framework has no \"name\"")]
    [InlineData("""{"runtimeOptions":{"framework":7}}""", "Fixtures.Plain.runtimeconfig.json cannot be read")]
    [InlineData("[1,2]", "Fixtures.Plain.runtimeconfig.json cannot be read")]
    [InlineData("{", "Fixtures.Plain.runtimeconfig.json cannot be read")]
    public void A_runtime_that_this_process_does_not_have_is_refused(string runtimeConfig, string expected)
    {
        File.WriteAllText(Path.Combine(_folder.Path, "Fixtures.Plain.runtimeconfig.json"), runtimeConfig);

        PluginLoadException refused = Assert.Throws<PluginLoadException>(Load);

        Assert.Equal(FaultKind.StartFailure, refused.Kind);
        Assert.Contains(expected, refused.What, StringComparison.Ordinal);
    }

    [Fact]
    public void An_older_framework_rolls_forward()
    {
        File.WriteAllText(
            Path.Combine(_folder.Path, "Fixtures.Plain.runtimeconfig.json"),
            """{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"6.0.0-preview.1"}}}""");

        Assert.NotNull(Load());
    }

    // The runtime's own reader of these files ends the process over any of them.
    [Theory]
    [InlineData("not json", "deps.json cannot be read")]
    [InlineData("7", "the file is of kind Number; expected Object")]
    [InlineData("{}", "runtimeTarget is missing")]
    [InlineData("""{"runtimeTarget":{"name":null}}""", "runtimeTarget.name is of kind Null; expected String")]
    [InlineData("""{"runtimeTarget":{"name":"t"},"targets":7}""", "targets is of kind Number; expected Object")]
    [InlineData("""{"runtimeTarget":{"name":"t"},"targets":{}}""", "targets.t is missing")]
    [InlineData("""{"runtimeTarget":{"name":"t"},"targets":{"t":{"a/1":{"runtime":{"a.dll":{"assemblyVersion":1}}}}},"libraries":{}}""", "targets.t.a/1.runtime.a.dll.assemblyVersion is of kind Number; expected String")]
    [InlineData("""{"runtimeTarget":{"name":"t"},"targets":{"t":{"a/1":{"runtimeTargets":{"a.so":{"rid":"linux"}}}}},"libraries":{}}""", "targets.t.a/1.runtimeTargets.a.so.assetType is missing")]
    [InlineData("""{"runtimeTarget":{"name":"t"},"targets":{"t":{}},"libraries":{"a/1":{"type":"package","sha512":""}}}""", "libraries.a/1.serviceable is missing")]
    public void A_broken_deps_file_is_refused_before_the_runtime_reads_it(string deps, string expected)
    {
        File.WriteAllText(Path.Combine(_folder.Path, "Fixtures.Plain.deps.json"), deps);

        PluginLoadException refused = Assert.Throws<PluginLoadException>(Load);

        Assert.Contains(expected, refused.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_deps_file_that_names_files_outside_the_folder_gives_none_of_them()
    {
        FixtureFolder.CopyOf("Fixtures.UsesLibV1", _folder.Path + "/user");
        string deps = Path.Combine(_folder.Path, "user", "Fixtures.UsesLibV1.deps.json");
        File.Move(Path.Combine(_folder.Path, "user", "Fixtures.Library.dll"), Path.Combine(_folder.Path, "Fixtures.Library.dll"));
        File.WriteAllText(deps, File.ReadAllText(deps).Replace("\"Fixtures.Library.dll\"", "\"../Fixtures.Library.dll\"", StringComparison.Ordinal));

        PluginLoadException refused = Assert.Throws<PluginLoadException>(
            () => PluginLoader.Load(Some.Options("Fixtures.UsesLibV1") with { Folder = Path.Combine(_folder.Path, "user") }));

        Assert.Contains("needs Fixtures.Library.dll", refused.What, StringComparison.Ordinal);
    }

    [Fact]
    public void An_assembly_of_another_architecture_is_refused_naming_both()
    {
        string path = Path.Combine(_folder.Path, "Fixtures.Plain.dll");
        byte[] image = File.ReadAllBytes(path);
        int machine = BitConverter.ToInt32(image, 0x3C) + 4;
        BitConverter.TryWriteBytes(image.AsSpan(machine), (ushort)0x6264);
        File.WriteAllBytes(path, image);

        PluginLoadException refused = Assert.Throws<PluginLoadException>(Load);

        Assert.Contains("was built for LoongArch64, and this process is ", refused.What, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private LoadedPlugin Load() => PluginLoader.Load(Some.Options("Fixtures.Plain") with { Folder = _folder.Path });
}
