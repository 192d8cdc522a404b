using System.Net.Sockets;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Transport;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Store;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Starts a plugin that is a program of any language: spawn, then one request to start, which it need not know.</summary>
internal sealed class ProgramLaunch(ProcessTierOptions options, TimeProvider clock, RunningWorkers? running)
{
    private const string Stage = "its start";

    private const string OutputRemedy =
        "Let the program write nothing but messages to standard output: print to standard error, or set \"channel\": \"descriptor\" in its plugin.json.";

    /// <summary>Starts one generation.</summary>
    /// <exception cref="PluginException">It could not be started.</exception>
    public async Task<WorkerLink> RunAsync(WorkerIdentity identity, StartRequest request, CancellationToken cancellationToken)
    {
        WorkerLink link = await SpawnAsync(identity, request).ConfigureAwait(false);
        try
        {
            ProgramStarted started = await AskAsync(link, request, cancellationToken).ConfigureAwait(false);
            if (started.Contracts is { } offered)
            {
                ProcessTier.CheckContracts(identity, request.Contracts, offered);
            }

            Choose(link, started.Arguments);

            return link;
        }
        catch
        {
            await link.KillAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<WorkerLink> SpawnAsync(WorkerIdentity identity, StartRequest request)
    {
        IReadOnlyList<string> command = request.Manifest.Command!;
        string? path = Environment.GetEnvironmentVariable("PATH");
        if (ProgramCommand.Missing(command, request.Folder, path) is { } missing)
        {
            throw StartFailure.NoCommand(identity, missing);
        }

        WorkerProcess process;
        try
        {
            SpawnRequest spawn = ProgramCommand.Create(ProgramCommand.FindProgram(command[0], request.Folder, path)!, request, new ChildOwner(WorkerCommand.ProgramOf(options), identity.PluginId, running), clock);
            process = await WorkerSpawner.Shared.SpawnAsync(spawn).ConfigureAwait(false);
        }
        catch (Exception refused) when (refused is SpawnException or IOException or UnauthorizedAccessException)
        {
            throw StartFailure.NotSpawned(identity, refused.Message);
        }

        request.WorkerStarted?.Invoke(process.Pid);
        WorkerReports reports = new(request.Logger);
        RpcOptions rpc = new()
        {
            Framing = RpcFraming.Header,
            Codec = RpcCodec.Json,
            MaxMessageBytes = request.Manifest.Limits.Message,
            Clock = clock,
            SendsStacks = false,
            AnswersMalformed = true,
            TrustsPeerTrace = request.TrustsTrace,
            Chain = request.Chains,
            ReaderThreadName = $"pluginhost {identity.PluginId}",
        };
        RpcConnection connection = process.Pipes is { } pipes
            ? new RpcConnection(new PipeTransport(pipes.FromChild, pipes.ToChild), rpc, [reports, .. ServiceTarget.Of(request)], request.Logger)
            : new RpcConnection(new Socket(process.Channel), rpc, [reports, .. ServiceTarget.Of(request)], request.Logger);
        connection.Start();
        return new WorkerLink(identity, process, connection, reports, request, options, clock);
    }

    private async Task<ProgramStarted> AskAsync(WorkerLink link, StartRequest request, CancellationToken cancellationToken)
    {
        ProgramStartCall call = new(new ProgramStart(
            request.Manifest.Id,
            request.Manifest.Version,
            request.Generation,
            request.Folder,
            request.DataFolder,
            request.Settings,
            [.. request.Contracts.Select(c => new ProgramContract(c.Name, c.Major, [.. c.Methods.Select(m => m.WireName)]))],
            [.. request.Services.Grants.Select(g => new ProgramService(
                g.Reference.Name, g.Reference.Major, [.. g.Contract?.Methods.Select(m => m.WireName) ?? []], g.Refusal?.Message))],
            (int)options.StartTimeout.TotalMilliseconds));
        try
        {
            return (await link.Connection.CallAsync<ProgramStartCall, ProgramStarted>(call, options.StartTimeout, cancellationToken).ConfigureAwait(false)).Value;
        }
        catch (RpcErrorException unknown) when (unknown.Code == RpcErrorCodes.MethodNotFound)
        {
            // It answers, so it is ready; it just does not want to be told.
            return new ProgramStarted(null, null);
        }
        catch (RpcErrorException refused)
        {
            throw StartFailure.Refused(link.Identity, isHandshake: false, refused);
        }
        catch (RpcSerializationException broken)
        {
            throw StartFailure.Unreadable(link.Identity, broken.Message);
        }
        catch (RpcConnectionLostException)
        {
            FaultRecord record = await link.Gone.ConfigureAwait(false);
            throw StartFailure.Died(link.Identity, $"before {Stage} had ended", record, RemedyFor(record, request.Manifest.Channel));
        }
        catch (RpcTimeoutException)
        {
            FaultRecord record = await link.KillAsync().ConfigureAwait(false);
            string option = $"{nameof(ProcessTierOptions)}.{nameof(ProcessTierOptions.StartTimeout)}";
            throw StartFailure.TooLate(link.Identity, Stage, options.StartTimeout, option, record, await UnfinishedAsync(link, request).ConfigureAwait(false));
        }
        catch (OperationCanceledException cancelled)
        {
            await link.KillAsync().ConfigureAwait(false);
            if (await UnfinishedAsync(link, request).ConfigureAwait(false) is { } unfinished)
            {
                throw new StartCancelledException(unfinished, cancelled);
            }

            throw;
        }
    }

    /// <summary>Sends arguments as the program asks for them.</summary>
    private static void Choose(WorkerLink link, string? arguments)
    {
        switch (arguments)
        {
            case null or ProgramStarted.ByPosition:
                break;
            case ProgramStarted.ByName:
                link.Connection.UseNamedArguments();
                break;
            default:
                throw StartFailure.Unreadable(
                    link.Identity,
                    $"it wants arguments '{arguments}'; expected '{ProgramStarted.ByPosition}' or '{ProgramStarted.ByName}'.");
        }
    }

    /// <summary>Quotes what a program that is gone had printed where a message belongs, without a line's end; null where it had not.</summary>
    private static async Task<string?> UnfinishedAsync(WorkerLink link, StartRequest request)
    {
        RpcCloseReason closed = await link.Connection.Closed.ConfigureAwait(false);
        return closed.Kind == RpcCloseKind.StreamError && request.Manifest.Channel == ProgramChannel.Stdio ? $"{closed.Detail} {OutputRemedy}" : null;
    }

    private static string? RemedyFor(FaultRecord record, ProgramChannel channel) => record.Kind == FaultKind.ProtocolViolation && channel == ProgramChannel.Stdio
        ? OutputRemedy
        : null;
}
