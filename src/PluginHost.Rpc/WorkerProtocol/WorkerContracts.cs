using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>What the host may ask of a worker. Its names begin with <c>$/pluginhost/</c>, where no plugin's can.</summary>
internal sealed class WorkerControlContract : ContractDescriptor
{
    public static readonly ContractMethod Hello = new(0, "Hello", "$/pluginhost/hello") { Parameters = ["request"] };
    public static readonly ContractMethod Load = new(1, "Load", "$/pluginhost/load") { Parameters = ["request"] };
    public static readonly ContractMethod Ping = new(2, "Ping", "$/pluginhost/ping");
    public static readonly ContractMethod Stop = new(3, "Stop", "$/pluginhost/stop") { Parameters = ["drainMs"] };
    public static readonly ContractMethod Health = new(4, "Health", "$/pluginhost/health");

    public static WorkerControlContract Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "PluginHost.WorkerControl";

    /// <inheritdoc/>
    public override int Major => 1;

    /// <inheritdoc/>
    public override Type InterfaceType => typeof(WorkerControl);

    /// <inheritdoc/>
    public override IReadOnlyList<ContractMethod> Methods { get; } = [Hello, Load, Ping, Stop, Health];

    /// <inheritdoc/>
    public override object CreateProxy(IInvoker invoker) => throw HandWritten();

    /// <inheritdoc/>
    public override Guard CreateGuard(GuardSite site) => throw HandWritten();

    /// <inheritdoc/>
    public override Dispatcher CreateDispatcher(object target) => throw HandWritten();

    internal static NotSupportedException HandWritten() =>
        new("The worker protocol is written by hand: use its call structs and derive from its dispatchers.");
}

/// <summary>What a worker tells the host.</summary>
internal sealed class HostNotificationsContract : ContractDescriptor
{
    public static readonly ContractMethod Log = new(0, "Log", "$/pluginhost/log") { Parameters = ["event"] };
    public static readonly ContractMethod Dying = new(1, "Dying", "$/pluginhost/dying") { Parameters = ["notice"] };

    public static readonly ContractMethod Heartbeat = new(2, "Heartbeat", "$/pluginhost/heartbeat") { Parameters = ["heartbeat"] };

    public static HostNotificationsContract Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "PluginHost.HostNotifications";

    /// <inheritdoc/>
    public override int Major => 1;

    /// <inheritdoc/>
    public override Type InterfaceType => typeof(HostNotifications);

    /// <inheritdoc/>
    public override IReadOnlyList<ContractMethod> Methods { get; } = [Log, Dying, Heartbeat];

    /// <inheritdoc/>
    public override object CreateProxy(IInvoker invoker) => throw WorkerControlContract.HandWritten();

    /// <inheritdoc/>
    public override Guard CreateGuard(GuardSite site) => throw WorkerControlContract.HandWritten();

    /// <inheritdoc/>
    public override Dispatcher CreateDispatcher(object target) => throw WorkerControlContract.HandWritten();
}
