using System.CommandLine;
using System.Runtime.InteropServices;
using PluginHost.Cli;

CommandRunner runner = new(Console.Out, Console.Error, TimeProvider.System);
CommandLine line = new(runner);
ParseResult parsed = line.Root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (parsed.Errors.Count > 0)
{
    return runner.Misunderstood(args.Contains("--json"), parsed.Errors.Select(error => error.Message));
}

using CancellationTokenSource stopping = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
InvocationConfiguration invocation = new() { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
return await parsed.InvokeAsync(invocation, stopping.Token).ConfigureAwait(false);

// The first signal stops cleanly, which may wait for calls in flight; the next one ends the process as ever.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stopping.IsCancellationRequested;
    stopping.Cancel();
}
