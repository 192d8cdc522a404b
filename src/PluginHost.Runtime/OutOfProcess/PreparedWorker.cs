using PluginHost.Contracts.Faults;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>A worker for one call, with the plugin loaded and folders of its own.</summary>
/// <param name="Number">Its number in its generation, from 1.</param>
/// <param name="Worker">The worker.</param>
/// <param name="Folder">Its folders.</param>
/// <param name="Ending">Ends with the first sign that the worker ends. Never faults.</param>
internal sealed record PreparedWorker(int Number, WorkerInstance Worker, CallFolder Folder, Task Ending);

/// <summary>A worker that nobody had called yet ended, or could not be started.</summary>
/// <param name="Worker">The worker; null where there is none.</param>
/// <param name="Start">Why it could not be started; null where it ended.</param>
internal sealed record PreparedLoss(PreparedWorker? Worker, PluginException? Start);
