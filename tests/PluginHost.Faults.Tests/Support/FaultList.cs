namespace PluginHost.Faults.Tests.Support;

/// <summary>A fault, or a part of one, whose test stands with what it tests.</summary>
/// <param name="Number">The fault's number.</param>
/// <param name="Mode">How it is brought about.</param>
/// <param name="File">The test's file.</param>
/// <param name="Test">Its name.</param>
/// <param name="Outcome">What comes of it.</param>
internal sealed record TestedElsewhere(int Number, string Mode, string File, string Test, string Outcome);

/// <summary>The faults to survive, and where each is brought about.</summary>
internal static class FaultList
{
    private const string Here = "tests/PluginHost.Faults.Tests/";
    private const string Processes = "tests/PluginHost.Processes.Tests/";
    private const string Runtime = "tests/PluginHost.Runtime.Tests/";

    /// <summary>The names, by number from 1.</summary>
    public static string[] Names { get; } =
    [
        "kill -9 idle and in a call",
        "SIGSTOP, and SIGCONT before the limit",
        "garbage or invalid JSON on the channel",
        "a library prints to stdout",
        "stdout and stderr flooded, 1 GiB without a newline",
        "the worker stops reading",
        "infinite loop in a call",
        "starved thread pool",
        "managed and native memory bomb",
        "fork bomb and grandchildren",
        "descriptor exhaustion in the worker, in the host",
        "stack overflow",
        "FailFast, native SIGSEGV",
        "unhandled exception on a background thread, async void",
        "Environment.Exit(0) in a call",
        "slow start just under, just over, never",
        "exit before the handshake, half a handshake",
        "version mismatch old and new",
        "host kill -9 in each state",
        "the thread that asked for the worker ends",
        "DLL missing, truncated, wrong architecture, dependency missing",
        "file changed between check and load",
        "manifest malformed, unknown field, huge, deep, ../, symlink, duplicate id",
        "manifest claims full trust, unsigned",
        "restart storm, 50 plugins at once",
        "a crash every 6 minutes",
        "mutual-call deadlock; callback under full concurrency",
        "half a frame, then stall or death",
        "length oversized, negative, zero, int.MaxValue",
        "socket squatting, stale file, long path",
        "SIGTERM ignored",
        "unkillable",
        "a grandchild keeps the pipes",
        "crash during init, restart, shutdown, reload; concurrent reloads",
        "late answer from an old generation",
        "cancel before send, in flight, after the answer, twice",
        "death while owning shared memory; corrupt offset or length",
        "disk full, no temporary folder",
        "restart x1000 soak",
        "duplicate and unknown ids, answer flood, callback flood",
        "in-process leaks: static event, thread, timer, handle",
        "clock jump, suspend and resume",
    ];

    /// <summary>All rows that run in the common harness.</summary>
    public static IEnumerable<FaultRow> Rows { get; } =
    [
        .. CrashFaultTests.Table, .. BusyFaultTests.Table, .. ChannelFaultTests.Table, .. StartFaultTests.Table, .. ResourceFaultTests.Table,
        .. InProcessFaultTests.Table, .. DemotionFaultTests.Table, .. FolderFaultTests.Table,
    ];

    /// <summary>Those with a test of their own.</summary>
    public static TestedElsewhere[] Elsewhere { get; } =
    [
        new(8, "a long call and a starved pool, side by side", Processes + "OutOfProcess/HangTests.cs", "A_long_call_and_a_starved_pool_are_busy_and_not_dead", "busy, not dead"),
        new(19, "idle, at 100 % of a core, in native code, starting, restarting, stopping, with grandchildren", Processes + "HostDeathTests.cs", "A_host_killed_in_any_state_leaves_nothing_and_the_next_start_cleans_up", "nothing left after 2 s; the next start names what ran"),
        new(21, "a dependency is missing", Runtime + "OnEveryTier/StartFailureTests.cs", "A_missing_dependency_is_named_with_who_needs_it_its_version_and_the_remedy", "`StartFailure`, quarantined"),
        new(23, "two folders with one id", Runtime + "Catalog/PluginCatalogTests.cs", "Nobody_gains_by_claiming_the_id_of_another", "both refused"),
        new(23, "sixty manifests with one mistake each", Runtime + "CorpusTests.cs", "A_bad_manifest_gives_exactly_the_expected_messages", "refused, each with its message"),
        new(24, "trust full in the manifest, nothing in the policy", Here + "StateFolderFaultTests.cs", "A_manifest_that_claims_full_trust_gets_what_the_policy_grants_which_is_nothing", "refused"),
        new(25, "kill -9 of 50 workers", Here + "StormTests.cs", "Restarts_follow_the_rate_the_host_takes_less_than_half_a_core_and_another_plugin_answers", "50 `Signal`, restarted at the global rate"),
        new(26, "under a virtual clock", Runtime + "Resilience/RestartPolicyTests.cs", "A_crash_every_six_minutes_never_quarantines", "restarted at once, each time"),
        new(27, "a cycle of plugins", Runtime + "OnEveryTier/ServiceTests.cs", "A_cycle_of_plugins_ends_at_the_limit_with_a_typed_error", "typed error at the limit"),
        new(27, "a callback while the plugin takes one call at once", Runtime + "OnEveryTier/ServiceTests.cs", "A_plugin_that_takes_one_call_at_once_takes_the_callback_of_its_own_call", "answered"),
        new(30, "a file, a socket, a link in the socket's place", Here + "StateFolderFaultTests.cs", "What_lies_in_the_place_of_the_socket_does_not_keep_the_host_from_serving", "serves"),
        new(30, "a path longer than a socket's may be", Here + "StateFolderFaultTests.cs", "A_state_folder_with_a_path_longer_than_a_sockets_may_be_serves", "serves"),
        new(32, "a process that no signal reaches, under a virtual clock", Here + "UnkillableFaultTests.cs", "One_that_hangs_and_does_not_end_is_left_alone_with_one_record_and_its_calls_end", "`Hang`; left alone after 5 s, and logged"),
        new(37, "offsets and lengths that cannot be", Processes + "OutOfProcess/HostilePayloadTests.cs", "An_answer_that_names_bytes_that_cannot_be_ends_its_worker_and_takes_no_memory", "`ProtocolViolation`, restarted"),
        new(37, "the rings' control words are overwritten", Processes + "OutOfProcess/HostileRingTests.cs", "The_host_lives_through_an_attack_with_one_fault_and_a_new_worker_serves", "one fault, restarted"),
        new(38, "the host's disk is full", Here + "StateFolderFaultTests.cs", "A_full_disk_costs_the_notes_and_not_the_calls", "serves; notes are lost"),
        new(39, "50 crashes in every run, 1,000 in the soak", Here + "CrashSoakTests.cs", "Crashes_leave_nothing_behind_and_every_call_is_accounted_for", "flat; each call answered or failed with a typed error"),
        new(42, "a clock that is set back, and a host that was stopped, under a virtual clock", Runtime + "Resilience/HangPolicyTests.cs", "A_host_that_was_itself_stopped_for_a_minute_ends_nobody", "nobody is ended"),
    ];
}
