using System.Text.Json.Nodes;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>How programs start, and how they fail to.</summary>
public sealed class ProgramLaunchTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_program_that_is_not_on_this_machine_is_unavailable_with_reason_and_remedy()
    {
        await using ProgramHost host = await ProgramHost.StartAsync(["no-such-program", "./main"], new() { ["main"] = "" });

        FaultRecord fault = host.Runtime.Faults[0];
        PluginUnavailableException error = await Assert.ThrowsAnyAsync<PluginUnavailableException>(() => host.Plugin.CountAsync("a", 1, Token));
        Assert.Equal(FaultKind.StartFailure, fault.Kind);
        Assert.Contains("'no-such-program' is in no folder of the host's PATH", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Install it, or start the host with a PATH that has it.", fault.Message, StringComparison.Ordinal);
        Assert.StartsWith($"{ProgramHost.Id} is unavailable: its program 'no-such-program'", host.Status.Unavailable, StringComparison.Ordinal);
        Assert.Contains(host.Status.Unavailable, host.Status.Reasons);
        Assert.Equal(ProgramHost.Id, error.PluginId);
    }

    [Fact]
    public async Task A_file_of_the_command_that_is_not_in_the_folder_makes_it_unavailable()
    {
        await using ProgramHost host = await ProgramHost.StartAsync(["sh", "./node_modules/it/main.js"], []);

        Assert.Contains("its file './node_modules/it/main.js' is not in its folder. Run 'npm ci'", host.Status.Unavailable, StringComparison.Ordinal);
        Assert.Equal(FaultKind.StartFailure, host.Runtime.Faults[0].Kind);
    }

    [Fact]
    public async Task A_file_of_the_plugin_runs_although_the_store_keeps_no_modes()
    {
        Languages.Need("python3");
        await using ProgramHost host = await ProgramHost.StartAsync(
            ["./run", "x"],
            new() { ["run"] = "#!/bin/sh\nexec python3 main.py \"$1\"\n", ["main.py"] = ProgramHost.Python + "assert sys.argv[1] == 'x'\nserve(lambda call: counts)" });

        Assert.Equal(1, (await host.Plugin.CountAsync("a", 1, Token)).Words);
    }

    [Fact]
    public async Task A_peer_that_does_not_know_the_start_is_ready_and_is_stopped_by_its_channels_end()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync("""
            while True:
                call = read()
                if call["method"].startswith("$/"): write({"id": call["id"], "error": {"code": -32601, "message": "Unhandled method " + call["method"]}})
                else: write({"id": call["id"], "result": None})
            """);
        int pid = host.Status.WorkerPid!.Value;
        await host.Plugin.WaitAsync(1, Token);

        await host.Runtime.StopAsync(ProgramHost.Id);

        Assert.False(ProcessLife.IsAlive(pid));
        Assert.Empty(host.Runtime.Faults);
    }

    [Fact]
    public async Task A_start_has_everything_a_program_needs_to_know()
    {
        JsonNode settings = JsonNode.Parse("""{"text":"é","whole":-3,"large":18446744073709551615,"part":0.25,"list":[true,null,{}]}""")!;
        await using ProgramHost host = await ProgramHost.PythonAsync(
            """
            call = read()
            with open(os.path.join(call["params"][0]["dataFolder"], "seen.json"), "w") as seen:
                json.dump([call, os.getcwd(), os.environ.get("PYTHONDONTWRITEBYTECODE"), os.environ.get("PLUGINHOST_FD")], seen)
            write({"id": call["id"], "result": {"contracts": [{"name": "Samples.Contracts.IWordCount", "methods": ["WordCount.Count", "WordCount.Wait", "WordCount.Waits"]}]}})
            read()
            """,
            settings: settings.DeepClone());

        string file = Directory.EnumerateFiles(host.State, "seen.json", SearchOption.AllDirectories).Single();
        JsonArray seen = JsonNode.Parse(await File.ReadAllTextAsync(file, Token))!.AsArray();
        JsonNode start = seen[0]!["params"]![0]!;
        Assert.Equal("$/pluginhost/load", (string?)seen[0]!["method"]);
        Assert.Equal((1, ProgramHost.Id, "1.0.0", 1), ((int)start["protocol"]!, (string)start["pluginId"]!, (string)start["version"]!, (int)start["generation"]!));
        Assert.True(JsonNode.DeepEquals(settings, start["settings"]));
        Assert.True(Directory.Exists((string)start["dataFolder"]!));
        Assert.Equal((string)start["folder"]!, (string)seen[1]!);
        Assert.Equal(
            """[{"name":"Samples.Contracts.IWordCount","major":1,"methods":["WordCount.Count","WordCount.Wait","WordCount.Waits"]}]""",
            start["contracts"]!.ToJsonString());
        Assert.Equal("1", (string?)seen[2]);
        Assert.Null(seen[3]);
    }

    [Fact]
    public async Task A_program_that_names_too_few_methods_is_refused()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync("""
            write({"id": read()["id"], "result": {"contracts": [{"name": "Samples.Contracts.IWordCount", "methods": ["WordCount.Count"]}]}})
            read()
            """);

        Assert.Equal(PluginState.Refused, host.Status.State);
        Assert.Contains("its worker does not know WordCount.Wait, WordCount.Waits.", host.Runtime.Faults[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_in_answer_to_the_start_fails_it_with_the_peers_own_words()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync("""
            write({"id": read()["id"], "error": {"code": 7, "message": "The licence has ended.", "data": 5}})
            read()
            """);

        Assert.Equal(FaultKind.StartFailure, host.Runtime.Faults[0].Kind);
        Assert.Contains("could not be started: The licence has ended.", host.Runtime.Faults[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_on_standard_output_is_quoted_in_the_fault()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync("""
            print("Hello, I am a plugin that prints", flush=True)
            read()
            """);

        FaultRecord fault = host.Runtime.Faults[0];
        Assert.Equal(FaultKind.StartFailure, fault.Kind);
        Assert.Contains("What came begins with: Hello, I am a plugin that prints", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_without_a_lines_end_is_seen_at_once_and_the_fault_says_what_to_do()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync(
            """
            print("Loading the model ... ", end="", flush=True)
            time.sleep(600)
            """,
            startTimeout: TimeSpan.FromMinutes(5));

        PluginException fault = await Assert.ThrowsAnyAsync<PluginException>(() => host.Plugin.WaitAsync(1, Token));
        Assert.Contains("What came begins with: Loading the model ... ", host.Runtime.Faults[0].Message, StringComparison.Ordinal);
        Assert.Contains("print to standard error", host.Runtime.Faults[0].Message, StringComparison.Ordinal);
        Assert.Equal(ProgramHost.Id, fault.PluginId);
    }

    [Fact]
    public async Task A_word_without_a_lines_end_that_could_begin_a_header_is_quoted_at_the_time_out()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync(
            """
            print("ready", end="", flush=True)
            time.sleep(600)
            """,
            startTimeout: TimeSpan.FromSeconds(2));

        Assert.Contains("00:00:02", host.Runtime.Faults[0].Message, StringComparison.Ordinal);
        Assert.Contains("after 5 bytes of its beginning: ready", host.Runtime.Faults[0].Message, StringComparison.Ordinal);
        Assert.Contains("print to standard error", host.Runtime.Faults[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_print_between_two_messages_is_a_protocol_violation_that_is_quoted_and_the_program_is_restarted()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync(
            """
            call = read()
            write({"id": call["id"], "result": None})
            printed = os.path.join(call["params"][0]["dataFolder"], "printed")
            def answer(call):
                if not os.path.exists(printed):
                    open(printed, "w").close()
                    print("debug: here", flush=True)
                return counts
            serve(answer)
            """);

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => host.Plugin.WaitAsync(1, Token));

        Assert.Equal(FaultKind.ProtocolViolation, fault.Kind);
        Assert.Contains("debug: here", fault.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await host.Plugin.CountAsync("a", 1, Token)).Words);
        Assert.Equal(2, host.Status.Generation);
    }

    [Fact]
    public async Task A_program_that_ends_before_it_answers_is_a_start_failure_with_its_last_words()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync("""
            read()
            print("no licence file", file=sys.stderr)
            sys.exit(3)
            """);

        FaultRecord fault = host.Runtime.Faults[0];
        Assert.Equal((FaultKind.StartFailure, 3), (fault.Kind, fault.ExitCode));
        Assert.Contains("no licence file", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_never_reads_and_never_answers_fails_its_start_in_time_and_is_killed()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync("time.sleep(600)", startTimeout: TimeSpan.FromSeconds(2));

        Assert.Equal(FaultKind.StartFailure, host.Runtime.Faults[0].Kind);
        Assert.Contains("00:00:02", host.Runtime.Faults[0].Message, StringComparison.Ordinal);
        Assert.Null(host.Status.WorkerPid);
    }

    [Fact]
    public async Task A_program_that_stops_reading_times_out_and_is_taken_down_all_the_same()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync(
            """
            write({"id": read()["id"], "result": None})
            time.sleep(600)
            """,
            callTimeout: TimeSpan.FromSeconds(1),
            change: (_, options) => options with { DrainTimeout = TimeSpan.FromSeconds(1) });
        int pid = host.Status.WorkerPid!.Value;
        string large = new('a', 1 << 20);

        await Assert.ThrowsAsync<PluginTimeoutException>(() => host.Plugin.CountAsync(large, 1, Token));
        await host.Runtime.StopAsync(ProgramHost.Id);

        Assert.False(ProcessLife.IsAlive(pid));
    }

    [Fact]
    public async Task What_a_peer_answers_to_a_call_it_cannot_make_is_a_fault_with_code_message_and_type()
    {
        await using ProgramHost host = await ProgramHost.PythonAsync("""
            write({"id": read()["id"], "result": None})
            errors = [
                {"code": -32603, "message": "Request WordCount.Wait failed with message: boom"},
                {"code": 1234, "message": "own", "data": [1, 2, 3, 4]},
                {"code": -32000, "message": "x", "data": {"type": "ValueError", "message": "bad value", "stack": "line 1"}},
                {"code": -32601, "message": "Unhandled method"},
            ]
            for error in errors: write({"id": read()["id"], "error": error})
            read()
            """);

        PluginException[] thrown = new PluginException[4];
        for (int i = 0; i < thrown.Length; i++)
        {
            thrown[i] = await Assert.ThrowsAnyAsync<PluginException>(() => host.Plugin.WaitAsync(1, Token));
        }

        Assert.Contains("it answered with error -32603: Request WordCount.Wait failed with message: boom", thrown[0].Message, StringComparison.Ordinal);
        Assert.Contains("it answered with error 1234: own", thrown[1].Message, StringComparison.Ordinal);
        PluginFaultException typed = Assert.IsType<PluginFaultException>(thrown[2]);
        Assert.Equal(("ValueError", "bad value", "line 1"), (typed.RemoteType, typed.RemoteMessage, typed.RemoteStack));
        Assert.Equal([FaultKind.Exception, FaultKind.Exception, FaultKind.Exception, FaultKind.ContractMismatch], thrown.Select(t => t.Kind));
        Assert.Equal(1, host.Status.Generation);
    }

    [Fact]
    public async Task A_program_never_runs_inside_the_application()
    {
        await using ProgramHost host = await ProgramHost.StartAsync(["sh", "-c", "exit 1"], [], trust: "full");

        Assert.Equal((TrustLevel.Full, PluginTier.Process), (host.Status.GrantedTrust, host.Status.Tier));
        Assert.Contains(host.Status.Reasons, r => r.Contains("cannot run inside the application", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_program_and_what_it_started_end_with_the_host()
    {
        ProgramHost host = await ProgramHost.PythonAsync(
            """
            import subprocess
            child = subprocess.Popen(["sleep", "600"])
            serve(lambda call: counts | {"words": child.pid})
            """);
        int child = (await host.Plugin.CountAsync("a", 1, Token)).Words;
        int pid = host.Status.WorkerPid!.Value;

        await host.DisposeAsync();

        Assert.False(ProcessLife.IsAlive(pid));
        Assert.False(ProcessLife.IsAlive(child));
    }
}
