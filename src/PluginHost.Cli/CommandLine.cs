using System.CommandLine;
using PluginHost.Cli.Commands;
using PluginHost.Cli.Output;

namespace PluginHost.Cli;

/// <summary>The commands and their options, as <c>--help</c> shows them.</summary>
internal sealed class CommandLine
{
    private readonly Option<string?> _plugins = new("--plugins")
    {
        Description = "The folder whose subfolders are plugins. Default: the samples.", HelpName = "DIR", Recursive = true,
    };

    private readonly Option<string?> _policy = new("--policy")
    {
        Description = "The operator's policy file. Default: pluginhost.json of the state folder; for the samples, one that trusts their folder.",
        HelpName = "FILE", Recursive = true,
    };

    private readonly Option<string?> _contracts = new("--contracts")
    {
        Description = "A folder of contract assemblies, trusted as the tool itself. The samples' contracts are built in.", HelpName = "DIR", Recursive = true,
    };

    private readonly Option<string?> _state = new("--state")
    {
        Description = "The state folder. Default: one of the user's for each plugins folder.", HelpName = "DIR", Recursive = true,
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Prints one JSON document on standard output; everything else goes to standard error.", Recursive = true,
    };

    private readonly CommandRunner _runner;

    /// <summary>Builds the commands.</summary>
    /// <param name="runner">Carries them out.</param>
    public CommandLine(CommandRunner runner)
    {
        _runner = runner;
        Root = new RootCommand("Runs .NET plugins in the tier that their trust allows, and tells what each tier costs.")
        {
            _plugins, _policy, _contracts, _state, _json,
        };
        Root.Add(Demo());
        Root.Add(Run());
        Root.Add(Attached("list", "Plugins with trust, tier and state: of a running host, else as they would start.", ListCommand.RunAsync));
        Root.Add(Inspect());
        Root.Add(Check());
        Root.Add(Reset());
        Root.Add(Call());
        Root.Add(Attached("stats", "Calls, latency and overhead of a running host, else of the last recorded window.", StatsCommand.StatsAsync));
        Root.Add(Attached("faults", "Faults and restarts of a running host, else of the last recorded window.", StatsCommand.FaultsAsync));
        Root.Add(Bench());
    }

    /// <summary>All of them.</summary>
    public RootCommand Root { get; }

    private Command Demo()
    {
        Command command = new("demo", "Starts the samples in two tiers, uses them, makes one fail in six ways, and shows faults, restarts and cost.");
        command.SetAction((parsed, cancellation) => RunAsync(parsed, Loudness.OwnStory, DemoCommand.RunAsync, cancellation));
        return command;
    }

    private Command Attached(string name, string description, Func<Session, string?, CancellationToken, Task<int>> act)
    {
        Option<string?> attach = new("--attach") { Description = "The state folder of the host to ask.", HelpName = "STATE" };
        Command command = new(name, description) { attach };
        command.SetAction((parsed, cancellation) =>
            RunAsync(parsed, Loudness.Warnings, (session, token) => act(session, parsed.GetValue(attach), token), cancellation));
        return command;
    }

    private Command Run()
    {
        Option<string[]> calls = new("--call")
        {
            Description = "A call to make once after the start; may be given several times. The results are printed before the host waits.",
            HelpName = "\"PLUGIN METHOD [JSON]\"",
        };
        Option<string?> timeout = Timeout("The longest time of each --call");
        Option<bool> watch = new("--watch")
        {
            Description = "Reloads a plugin when its plugin.json was written and nothing in its folder changes any more; what runs goes on until the new version is healthy. Takes new folders, too.",
        };
        Option<string?> dumps = new("--hang-dumps")
        {
            Description = "A folder that gets a minidump of each .NET worker that is ended because it hangs. They may hold what its calls held.",
            HelpName = "DIR",
        };
        Command command = new("run", "Hosts the plugins of a folder until Ctrl-C or SIGTERM.") { calls, timeout, watch, dumps };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed,
            Loudness.Host,
            (session, token) => RunCommand.RunAsync(
                session, parsed.GetValue(calls) ?? [], Durations.Read("--timeout", parsed.GetValue(timeout)), parsed.GetValue(watch), parsed.GetValue(dumps), token),
            cancellation));
        return command;
    }

    private Command Inspect()
    {
        Argument<string> plugin = new("PLUGIN") { Description = "The plugin's id." };
        Option<bool> unload = new("--unload") { Description = "Unloads it again and proves by forced collections that it is gone." };
        Command command = new("inspect", "One plugin: manifest, placement with every reason, hash, assemblies and where each comes from.") { plugin, unload };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed,
            Loudness.Warnings,
            (session, token) => InspectCommand.RunAsync(session, parsed.GetRequiredValue(plugin), parsed.GetValue(unload), token),
            cancellation));
        return command;
    }

    private Command Check()
    {
        Argument<string> folder = new("DIR") { Description = "The plugin's folder, wherever it lies." };
        Option<bool> probe = new("--probe") { Description = "Loads and unloads the plugin even where the policy does not grant it full trust: its code runs with your rights." };
        Option<bool> noProbe = new("--no-probe") { Description = "Runs none of the plugin's code." };
        Option<string?> into = new(ProbeProcess.IntoOption) { Hidden = true };
        Command command = new("check", "Everything that is wrong with a plugin's folder, APIs in its code that are hostile to unloading or isolation, and the trust it can sensibly have.")
        {
            folder, probe, noProbe, into,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(probe) && result.GetValue(noProbe))
            {
                result.AddError("--probe and --no-probe exclude each other; give one of them.");
            }
        });
        command.SetAction((parsed, cancellation) => _runner.RunAsync(
            parsed.GetValue(_json),
            Loudness.Warnings,
            () => CheckCommand.Settings(
                parsed.GetRequiredValue(folder), parsed.GetValue(_plugins), parsed.GetValue(_policy), parsed.GetValue(_contracts), parsed.GetValue(_state)),
            (session, token) => CheckCommand.RunAsync(
                session, parsed.GetRequiredValue(folder), parsed.GetValue(probe) ? true : parsed.GetValue(noProbe) ? false : null, parsed.GetValue(into), token),
            cancellation));
        return command;
    }

    private Command Reset()
    {
        Argument<string> plugin = new("PLUGIN") { Description = "The plugin's id." };
        Option<string?> attach = new("--attach") { Description = "The state folder of the host to ask.", HelpName = "STATE" };
        Command command = new("reset", "Lets a plugin be tried again: forgets its failures, leaves quarantine, takes back a demotion out of process.") { plugin, attach };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed,
            Loudness.Warnings,
            (session, token) => ResetCommand.RunAsync(session, parsed.GetRequiredValue(plugin), parsed.GetValue(attach), token),
            cancellation));
        return command;
    }

    private Command Call()
    {
        Argument<string> plugin = new("PLUGIN") { Description = "The plugin's id." };
        Argument<string> method = new("METHOD") { Description = "The method's name on the wire, such as Calculator.Add." };
        Argument<string?> arguments = new("JSON")
        {
            Description = "The arguments: an array by position or an object by name.", Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> timeout = Timeout("The longest time of the call");
        Command command = new("call", "Starts one plugin, calls it once and prints the result as JSON.") { plugin, method, arguments, timeout };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed,
            Loudness.Warnings,
            (session, token) => CallCommand.RunAsync(
                session,
                parsed.GetRequiredValue(plugin),
                parsed.GetRequiredValue(method),
                parsed.GetValue(arguments),
                Durations.Read("--timeout", parsed.GetValue(timeout)),
                token),
            cancellation));
        return command;
    }

    private Command Bench()
    {
        Option<double> seconds = new("--seconds")
        {
            Description = "About how long to measure.", HelpName = "N", DefaultValueFactory = _ => BenchTaxCommand.UsualSeconds,
        };
        Command tax = new("tax", "What a call costs in each tier, over the floors of this machine in the same run.") { seconds };
        tax.SetAction((parsed, cancellation) => RunAsync(
            parsed, Loudness.Warnings, (session, token) => BenchTaxCommand.RunAsync(session, parsed.GetValue(seconds), token), cancellation));

        Command payload = new("payload", "How fast large values cross to a plugin's process and back, over a plain copy in the same run.");
        payload.SetAction((parsed, cancellation) => RunAsync(parsed, Loudness.Warnings, BenchPayloadCommand.RunAsync, cancellation));

        Option<int> rounds = new("--rounds")
        {
            Description = "How often to kill a worker for each kind of spare.", HelpName = "N", DefaultValueFactory = _ => BenchStartCommand.UsualRounds,
        };
        Command start = new("start", "From the kill of a worker to the answer of the next call, with each kind of spare.") { rounds };
        start.SetAction((parsed, cancellation) => RunAsync(
            parsed, Loudness.OwnStory, (session, token) => BenchStartCommand.RunAsync(session, parsed.GetValue(rounds), token), cancellation));

        Option<string?> service = new("--service-time") { Description = "How long a request takes inside the plugin. Default 5ms.", HelpName = "TIME" };
        Option<int?> workers = new("--workers") { Description = "How many workers run the plugin. Default: 1, and then 10.", HelpName = "N" };
        Command crash = new("crash", "What a crash costs at 1,000 requests a second, beside what arithmetic says.") { service, workers };
        crash.SetAction((parsed, cancellation) => RunAsync(
            parsed,
            Loudness.OwnStory,
            (session, token) => BenchCrashCommand.RunAsync(session, Durations.Read("--service-time", parsed.GetValue(service)), parsed.GetValue(workers), token),
            cancellation));

        Argument<string> kind = new("KIND");
        Argument<string> path = new("PATH");
        Command peer = new("peer", "The other process of a floor's ping-pong.") { kind, path };
        peer.Hidden = true;
        peer.SetAction(parsed => BenchTaxCommand.Peer(parsed.GetRequiredValue(kind), parsed.GetRequiredValue(path)));
        return new Command("bench", "Measures the cost of isolation on this machine.") { tax, start, crash, payload, peer };
    }

    private static Option<string?> Timeout(string what) =>
        new("--timeout") { Description = $"{what}, such as 500ms, 10s, 2m or 00:00:10. Default: the plugin's own limit.", HelpName = "TIME" };

    private Task<int> RunAsync(ParseResult parsed, Loudness loudness, Func<Session, CancellationToken, Task<int>> act, CancellationToken cancellation) =>
        _runner.RunAsync(
            parsed.GetValue(_json),
            loudness,
            () => HostSettings.Of(parsed.GetValue(_plugins), parsed.GetValue(_policy), parsed.GetValue(_contracts), parsed.GetValue(_state)),
            act,
            cancellation);
}
