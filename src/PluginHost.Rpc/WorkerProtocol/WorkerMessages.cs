namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>The host's first message, in the codec that the host would like best: a worker reads every codec of its version.</summary>
/// <param name="ProtocolMin">The oldest version of this protocol that the host speaks.</param>
/// <param name="ProtocolMax">The newest.</param>
/// <param name="Codecs">The codecs it speaks, best first: <c>messagepack</c>, <c>json</c>.</param>
/// <param name="HostVersion">The host's version, for logs.</param>
/// <param name="HostPid">The host's process id.</param>
public sealed record HelloRequest(int ProtocolMin, int ProtocolMax, IReadOnlyList<string> Codecs, string HostVersion, int HostPid)
{
    /// <summary>What may carry the messages behind the handshake in place of the socket, best first. Empty where there is nothing else.</summary>
    public IReadOnlyList<TransportOffer> Transports { get; init; } = [];
}

/// <summary>Something that may carry messages in place of the socket.</summary>
/// <param name="Name">What it is: <c>ring</c>.</param>
/// <param name="Descriptor">The number of the descriptor that the worker inherited for it, and closes whether it takes it or not.</param>
/// <param name="Bytes">The size of each of its two rings.</param>
public sealed record TransportOffer(string Name, int Descriptor, int Bytes);

/// <summary>The worker's answer to <see cref="HelloRequest"/>. Where nothing agrees, the worker answers with an error and exits.</summary>
/// <param name="Protocol">The version both speak from here on.</param>
/// <param name="Codec">The codec of the host's next messages.</param>
/// <param name="WorkerVersion">The worker's version, for logs.</param>
/// <param name="Runtime">The worker's runtime, for logs.</param>
/// <param name="Pid">The worker's process id.</param>
public sealed record HelloReply(int Protocol, string Codec, string WorkerVersion, string Runtime, int Pid)
{
    /// <summary>What carries the messages from here on: <c>socket</c>, or one of <see cref="HelloRequest.Transports"/>.</summary>
    public string Transport { get; init; } = WorkerProtocolVersion.Socket;

    /// <summary>Why nothing that was offered was taken, for the log; null where something was, or nothing was offered.</summary>
    public string? TransportProblem { get; init; }
}

/// <summary>A contract that the worker is to offer.</summary>
/// <param name="Name">The interface's full name.</param>
/// <param name="Major">The major version.</param>
/// <param name="Assembly">The simple name of the assembly that holds it, one of <see cref="LoadRequest.SharedAssemblies"/>.</param>
public sealed record ContractRequest(string Name, int Major, string Assembly)
{
    /// <summary>The metadata token of the contract's descriptor in the host's file of that assembly; 0 to look for it.</summary>
    public int Descriptor { get; init; }
}

/// <summary>An assembly that comes from the host and never from the plugin.</summary>
/// <param name="Name">Its simple name.</param>
/// <param name="Path">The absolute path of its file.</param>
public sealed record SharedAssembly(string Name, string Path);

/// <summary>A host service that the manifest asks for.</summary>
/// <param name="Name">The interface's full name.</param>
/// <param name="Major">The major version.</param>
/// <param name="Assembly">The simple name of the shared assembly that holds it; null where the host has no such contract.</param>
/// <param name="Refusal">What the plugin is told when it asks for it; null where it may call it.</param>
public sealed record ServiceOffer(string Name, int Major, string? Assembly, FaultMessage? Refusal);

/// <summary>Asks the worker to load and start its plugin. Sent once, but for rehearsals.</summary>
/// <param name="PluginId">The plugin's id.</param>
/// <param name="Generation">The number of this load.</param>
/// <param name="Folder">The plugin's folder, absolute.</param>
/// <param name="Entry">The entry assembly's file name in it.</param>
/// <param name="DataFolder">The plugin's data folder, absolute.</param>
/// <param name="SettingsJson">The plugin's settings as a JSON object.</param>
/// <param name="Contracts">The contracts to offer.</param>
/// <param name="SharedAssemblies">The assemblies that come from the host.</param>
/// <param name="StartTimeoutMilliseconds">How long the plugin's own start may take.</param>
/// <param name="Services">The host services that the manifest asks for, granted or not.</param>
/// <param name="CallTimeoutMilliseconds">How long a call of a host service may take where its method names no time.</param>
public sealed record LoadRequest(
    string PluginId,
    int Generation,
    string Folder,
    string Entry,
    string DataFolder,
    string SettingsJson,
    IReadOnlyList<ContractRequest> Contracts,
    IReadOnlyList<SharedAssembly> SharedAssemblies,
    int StartTimeoutMilliseconds,
    IReadOnlyList<ServiceOffer> Services,
    int CallTimeoutMilliseconds)
{
    /// <summary>The number of the least <c>Microsoft.Extensions.Logging.LogLevel</c> that is worth sending. Default 2: information.</summary>
    public int LeastLogLevel { get; init; } = 2;

    /// <summary>The folder for the plugin's temporary files, absolute; null for the system's.</summary>
    public string? TempFolder { get; init; }

    /// <summary>What an earlier load of the very same files found, as that worker said it; null where there was none.</summary>
    public LoadedClass? Known { get; init; }

    /// <summary>
    /// True for a rehearsal: the worker loads a plugin of its own and the contracts that are named, so that what every load needs is in memory, and
    /// forgets it. A contract that cannot be loaded is left out. Any number of rehearsals may come before the one load.
    /// </summary>
    public bool IsRehearsal { get; init; }

    /// <summary>True where nobody waits for the plugin yet: the worker answers when what its calls need is compiled.</summary>
    public bool IsAhead { get; init; }
}

/// <summary>A contract that can be called.</summary>
/// <param name="Name">The interface's full name.</param>
/// <param name="Methods">The wire names of its methods.</param>
public sealed record LoadedContract(string Name, IReadOnlyList<string> Methods);

/// <summary>The plugin is loaded and started.</summary>
/// <param name="Contracts">What can be called.</param>
public sealed record LoadReply(IReadOnlyList<LoadedContract> Contracts)
{
    /// <summary>What was found in the files, for later loads of the same: they need not look again. Null where the worker does not say.</summary>
    public LoadedClass? Found { get; init; }
}

/// <summary>The plugin's class in its entry assembly, checked against contracts and frameworks.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Constructor">The metadata token of its constructor.</param>
public sealed record LoadedClass(string Name, int Constructor);

/// <summary>The worker has stopped its plugin and exits when the connection closes.</summary>
/// <param name="AbandonedCalls">How many calls were still running when the drain time was over.</param>
public sealed record StopReply(int AbandonedCalls);

/// <summary>One named value of a log event.</summary>
/// <param name="Name">The name in the template.</param>
/// <param name="Value">The value as text, or null.</param>
/// <param name="Kind">How to read the text.</param>
public sealed record LogProperty(string Name, string? Value, LogValueKind Kind);

/// <summary>What kind of value a log property was before it became text.</summary>
public enum LogValueKind
{
    /// <summary>Text, or anything else.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>Any other number.</summary>
    Number,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>A date and time with offset, in ISO 8601.</summary>
    Time,
}

/// <summary>One event of the worker's log.</summary>
/// <param name="At">When it happened, by the worker's clock.</param>
/// <param name="Level">The number of a <c>Microsoft.Extensions.Logging.LogLevel</c>.</param>
/// <param name="Category">The logger's category.</param>
/// <param name="EventId">The event's number, or 0.</param>
/// <param name="EventName">The event's name, or null.</param>
/// <param name="Template">The message with named places, or null.</param>
/// <param name="Message">The message with the values in place.</param>
/// <param name="Properties">The named values.</param>
/// <param name="Exception">The exception as text, or null.</param>
public sealed record LogEvent(
    DateTimeOffset At,
    int Level,
    string Category,
    int EventId,
    string? EventName,
    string? Template,
    string Message,
    IReadOnlyList<LogProperty> Properties,
    string? Exception);

/// <summary>An exception that nobody caught is about to end the worker.</summary>
/// <param name="Type">The exception's type.</param>
/// <param name="Message">Its message.</param>
/// <param name="Stack">Its stack trace, or null.</param>
public sealed record DyingNotice(string Type, string Message, string? Stack);
