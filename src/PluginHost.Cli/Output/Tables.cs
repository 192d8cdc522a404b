using System.Globalization;
using PluginHost.Cli.Checks;
using PluginHost.Loading;
using PluginHost.Runtime.Model;
using PluginHost.Telemetry.Recording;
using Spectre.Console;

namespace PluginHost.Cli.Output;

/// <summary>The tables that people read. Every text in them is foreign and is escaped.</summary>
internal static class Tables
{
    /// <summary>Plugins with trust, tier and state.</summary>
    public static Table Plugins(IEnumerable<PluginLine> plugins)
    {
        Table table = New("Plugins", "plugin", "version", "requested", "granted", "tier", "state", "generation", "worker");
        foreach (PluginLine plugin in plugins)
        {
            Add(
                table, plugin.Id, plugin.Version ?? "-", Words.Of(plugin.RequestedTrust), Words.Of(plugin.GrantedTrust), Words.Of(plugin.Tier),
                State(plugin), Text(plugin.Generation), Pids(plugin));
        }

        return table;
    }

    private static string Pids(PluginLine plugin) => plugin.Workers.Select(w => w.Pid).OfType<int>().ToArray() is { Length: > 0 } pids
        ? string.Join(' ', pids.Select(Text))
        : plugin.WorkerPid is { } pid ? Text(pid) : "-";

    /// <summary>The workers of plugins that have several.</summary>
    public static Table Workers(IEnumerable<PluginLine> plugins)
    {
        Table table = New("Workers", "plugin", "worker", "process", "state", "in flight", "since (UTC)", "why");
        foreach (PluginLine plugin in plugins)
        {
            foreach (WorkerStatus worker in plugin.Workers)
            {
                Add(
                    table, plugin.Id, Text(worker.Number), worker.Pid is { } pid ? Text(pid) : "-", Words.Of(worker.State), Text(worker.InFlight),
                    Time(worker.Since), worker.Reason ?? "-");
            }
        }

        return table;
    }

    // What this machine lacks says more than how the attempt to start without it ended.
    private static string State(PluginLine plugin) =>
        plugin.Unavailable is not null && plugin.State != PluginState.Ready ? "unavailable" : Words.Of(plugin.State);

    /// <summary>Calls that were made.</summary>
    public static Table Calls(IEnumerable<CallLine> calls)
    {
        Table table = New("Calls", "plugin", "method", "tier", "ended", "microseconds", "result");
        foreach (CallLine call in calls)
        {
            string method = call.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $"{call.Method} × {call.Count:N0}") : call.Method;
            Add(
                table, call.Plugin, method, Words.Of(call.Tier), call.Ok ? "ok" : "failed",
                Text(call.Microseconds), Words.FirstLine(call.Result, 70));
        }

        return table;
    }

    /// <summary>Fault records.</summary>
    public static Table Faults(IEnumerable<FaultLine> faults)
    {
        Table table = New("Faults", "fault", "at (UTC)", "plugin", "tier", "generation", "kind", "count", "worker ended", "message");
        foreach (FaultLine fault in faults)
        {
            string ended = fault.Signal ?? (fault.ExitCode is { } code ? $"exit {Text(code)}" : "-");
            Add(
                table, fault.Id ?? "-", Time(fault.At) + fault.At.ToString(".fff", CultureInfo.InvariantCulture), fault.Plugin, Words.Of(fault.Tier), Text(fault.Generation),
                Words.Of(fault.Kind), Text(fault.Count), ended, Words.FirstLine(fault.Message, 200));
        }

        return table;
    }

    /// <summary>Restarts.</summary>
    public static Table Restarts(IEnumerable<RestartLine> restarts)
    {
        Table table = New("Restarts", "plugin", "tier", "cause", "generations", "milliseconds");
        foreach (RestartLine restart in restarts)
        {
            Add(
                table, restart.Plugin, Words.Of(restart.Tier), restart.Cause,
                string.Create(CultureInfo.InvariantCulture, $"{restart.FromGeneration} → {restart.ToGeneration}"), Text(restart.Milliseconds));
        }

        return table;
    }

    /// <summary>Each tier's figures.</summary>
    public static Table Tiers(IEnumerable<TierLine> tiers)
    {
        Table table = New(
            "Tiers", "tier", "calls", "errors", "faults", "restarts", "p50 µs", "p99 µs", "samples", "overhead p50 µs", "overhead p99 µs", "how");
        foreach (TierLine tier in tiers)
        {
            Add(
                table, Words.Of(tier.Tier), Text(tier.Calls), Text(tier.Errors), Text(tier.Faults), Text(tier.Restarts), Text(tier.Latency.P50Us),
                Text(tier.Latency.P99Us), Text(tier.Latency.Samples), tier.Overhead is { } p50 ? Text(p50.P50Us) : "-",
                tier.Overhead is { } p99 ? Text(p99.P99Us) : "-", tier.Overhead?.Method ?? "-");
        }

        return table;
    }

    /// <summary>Each method's figures.</summary>
    public static Table Methods(IEnumerable<PluginStats> plugins)
    {
        Table table = New(
            "Methods", "plugin", "tier", "method", "calls", "ok", "errors", "faulted", "timeouts", "cancelled", "unavailable", "p50 µs", "p99 µs");
        foreach (PluginStats plugin in plugins)
        {
            foreach (MethodStats method in plugin.Methods.Where(m => m.Calls > 0 || m.InFlight > 0))
            {
                Add(
                    table, plugin.Id, Words.Of(plugin.Tier), method.Method, Text(method.Calls), Text(method.Ok), Text(method.Errors),
                    Text(method.Faulted), Text(method.Timeouts), Text(method.Cancelled), Text(method.Unavailable), Text(method.Latency.P50Us),
                    Text(method.Latency.P99Us));
            }
        }

        return table;
    }

    /// <summary>What isolation costs.</summary>
    public static Table Tax(IEnumerable<TaxTierLine> tiers)
    {
        Table table = New(
            "Ways of calling", "tier", "mode", "transport", "codec", "caller", "handler", "token", "p50 ns", "p99 ns", "64 in flight, calls/s", "sparse p50 ns",
            "bytes/call", "cpu ns/call", "overhead ns", "× floor");
        foreach (TaxTierLine tier in tiers)
        {
            Add(
                table, Words.Of(tier.Tier), tier.Mode ?? "-", tier.Transport ?? "-", tier.Codec ?? "-", tier.Caller, tier.Handler, tier.Token ? "yes" : "no", Text(tier.Sequential.P50Ns),
                Text(tier.Sequential.P99Ns), Text(Math.Round(tier.InFlight64.CallsPerSecond)), Text(tier.Sparse.P50Ns),
                Text(tier.AllocatedBytesPerCall), Text(tier.CpuNsPerCall), Text(tier.OverheadNs), Text(tier.TimesFloor));
        }

        return table;
    }

    /// <summary>The ways of large values.</summary>
    public static Table Payloads(IEnumerable<PayloadLine> runs)
    {
        Table table = New("Large values", "path", "direction", "type", "bytes", "GB/s", "× memcpy");
        foreach (PayloadLine run in runs)
        {
            Add(table, run.Path, run.Direction, run.Type, Text(run.Bytes), Text(run.GigabytesPerSecond), Text(run.TimesMemcpy));
        }

        return table;
    }

    /// <summary>How long a killed worker is missed.</summary>
    public static Table Starts(IEnumerable<StartLine> runs)
    {
        Table table = New("Kill to the next answer", "tier", "spare", "plugin", "p50 ms", "p99 ms", "PSS MiB");
        foreach (StartLine run in runs)
        {
            Add(table, Words.Of(run.Tier), run.Spare, run.Plugin, Text(run.P50Ms), Text(run.P99Ms), Text(run.PssMiB));
        }

        return table;
    }

    /// <summary>What a crash costs under load.</summary>
    public static Table Crashes(IEnumerable<CrashLine> runs)
    {
        Table table = New(
            "Crashes under load", "workers", "requests/s", "service ms", "idempotent", "spare", "crashes", "sent", "dropped", "dropped/crash", "predicted",
            "naive", "held p99 ms", "restart ms");
        foreach (CrashLine run in runs)
        {
            Add(
                table, Text(run.Workers), Text(run.RequestsPerSecond), Text(run.ServiceTimeMs), run.Idempotent ? "yes" : "no", run.Spare, Text(run.Crashes), Text(run.Sent),
                Text(run.Dropped), Text(run.DroppedPerCrash), Text(run.PredictedInFlight), Text(run.NaiveDropped), Text(run.HeldP99Ms), Text(run.RestartMilliseconds));
        }

        return table;
    }

    /// <summary>What out-of-process calls have to reach.</summary>
    public static Table Musts(IEnumerable<MustLine> musts)
    {
        Table table = New("Has to be reached", "what", "transport", "caller", "measured", "must", "aim", "met");
        foreach (MustLine must in musts)
        {
            Add(
                table, must.Name, must.Transport, must.Caller, $"{Text(must.Value)} {must.Unit}", Text(must.Must), Text(must.Aim),
                must.Met switch { true => "yes", false => "no", null => "-" });
        }

        return table;
    }

    /// <summary>A plugin's assemblies.</summary>
    public static Table Assemblies(IEnumerable<LoadedAssembly> assemblies)
    {
        Table table = New("Assemblies", "name", "version", "whose", "state", "from", "because");
        foreach (LoadedAssembly assembly in assemblies)
        {
            Add(
                table, assembly.Name, assembly.Version, $"{Words.Of(assembly.Origin)}'s", Words.Of(assembly.State).Replace("notUsed", "not used", StringComparison.Ordinal),
                assembly.From, assembly.Because);
        }

        return table;
    }

    /// <summary>What in the author's own code is hostile to plugins.</summary>
    public static Table Findings(IEnumerable<Finding> findings)
    {
        Table table = New("In the plugin's own code", "severity", "rule", "method", "at", "uses", "times");
        foreach (Finding finding in findings)
        {
            Add(
                table, Words.Of(finding.Severity), finding.Rule, finding.Method ?? $"(all of {finding.Assembly})", finding.At ?? "-", finding.Api, Text(finding.Count));
        }

        return table;
    }

    /// <summary>What in libraries is.</summary>
    public static Table Libraries(IEnumerable<LibraryFindings> libraries)
    {
        Table table = New("In libraries that it ships", "library", "rule", "gravest", "times", "such as");
        foreach (LibraryFindings library in libraries)
        {
            Add(table, library.Assembly, library.Rule, Words.Of(library.Severity), Text(library.Count), library.Methods is [var first, ..] ? first : "-");
        }

        return table;
    }

    /// <summary>A table of two columns: names and values.</summary>
    public static Table Facts(string title, params IEnumerable<(string Name, string? Value)> facts)
    {
        Table table = New(title, "what", "value");
        foreach ((string name, string? value) in facts)
        {
            Add(table, name, value ?? "-");
        }

        return table;
    }

    /// <summary>A number as people read it: 3 significant digits below a thousand, whole above.</summary>
    public static string Text(double value) => Math.Abs(value) switch
    {
        >= 1000 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("F0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        _ => value.ToString("0.###", CultureInfo.InvariantCulture),
    };

    // With its day: a last window may be old.
    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static Table New(string title, params ReadOnlySpan<string> columns)
    {
        Table table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(title));
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)));
        }

        return table;
    }

    private static void Add(Table table, params string[] cells) => table.AddRow([.. cells.Select(cell => new Text(cell))]);
}
