using System.Text.Json.Nodes;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>The configuration of a worker whose plugin needs more frameworks than a worker has by itself.</summary>
public sealed class WorkerFrameworksTests : IDisposable
{
    private const string Own = """{ "runtimeOptions": { "tfm": "net10.0", "framework": { "name": "Microsoft.NETCore.App", "version": "10.0.0" }, "configProperties": { "System.GC.Concurrent": false } } }""";
    private readonly TempFolder _folder = new();

    [Fact]
    public void The_workers_own_settings_stay_and_the_frameworks_come_beside_its_own()
    {
        JsonNode options = WorkerFrameworks.With(JsonNode.Parse(Own)!, "Microsoft.AspNetCore.App/10.0.3;Microsoft.NETCore.App/11.0.0")["runtimeOptions"]!;

        Assert.Null(options["framework"]);
        Assert.Equal(
            [("Microsoft.NETCore.App", "11.0.0"), ("Microsoft.AspNetCore.App", "10.0.3")],
            options["frameworks"]!.AsArray().Select(f => ((string)f!["name"]!, (string)f["version"]!)));
        Assert.False((bool)options["configProperties"]!["System.GC.Concurrent"]!);
    }

    [Fact]
    public void One_set_of_frameworks_has_one_file()
    {
        string program = _folder.Write("worker/PluginHost.Worker.dll", "");
        _folder.Write("worker/PluginHost.Worker.runtimeconfig.json", Own);

        string first = WorkerFrameworks.ConfigurationFor(program, "Some.App/1.0.0", _folder["frameworks"]);
        string again = WorkerFrameworks.ConfigurationFor(program, "Some.App/1.0.0", _folder["frameworks"]);
        string other = WorkerFrameworks.ConfigurationFor(program, "Some.App/2.0.0", _folder["frameworks"]);

        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        Assert.Equal(2, Directory.GetFiles(_folder["frameworks"]).Length);
    }

    public void Dispose() => _folder.Dispose();
}
