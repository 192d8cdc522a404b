using PluginHost.Cli.Commands;
using PluginHost.Cli.Output;
using PluginHost.Contracts.Faults;

namespace PluginHost.Cli;

/// <summary>Carries a command out: gives it what it works with and turns what it throws into words and an exit code.</summary>
/// <param name="output">Standard output.</param>
/// <param name="errors">Standard error.</param>
/// <param name="clock">The clock.</param>
internal sealed class CommandRunner(TextWriter output, TextWriter errors, TimeProvider clock)
{
    /// <summary>Runs a command.</summary>
    /// <param name="isJson">True where a program reads.</param>
    /// <param name="isHost">True for a command that hosts until it is stopped.</param>
    /// <param name="settings">Reads the options that every command takes.</param>
    /// <param name="act">The command.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(
        bool isJson, bool isHost, Func<HostSettings> settings, Func<Session, CancellationToken, Task<int>> act, CancellationToken cancellationToken)
    {
        Screen screen = new(output, errors, isJson);
        using LoggingSetup logging = new(isHost);
        try
        {
            Session session = new()
            {
                Screen = screen,
                Settings = settings(),
                Clock = clock,
                Loggers = logging.Factory,
                KeepLogIn = logging.KeepIn,
            };
            return await act(session, cancellationToken).ConfigureAwait(false);
        }
        catch (ToolException e)
        {
            return Tell(screen, e.Error);
        }
        catch (PluginException e)
        {
            return Tell(screen, ErrorLine.Of(e));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Tell(screen, new ErrorLine { Kind = "state", Message = e.Message });
        }
        catch (Exception e) when (e is ArgumentException or KeyNotFoundException)
        {
            return Tell(screen, ToolException.Usage(e.Message).Error);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return isHost ? ExitCode.Done : Tell(screen, new ErrorLine { Kind = "cancelled", Message = "Stopped before it was done." });
        }
    }

    /// <summary>Tells of a command line that cannot be understood.</summary>
    public int Misunderstood(bool isJson, IEnumerable<string> problems) =>
        Tell(new Screen(output, errors, isJson), ToolException.Usage($"{string.Join(' ', problems)} 'pluginhost --help' shows the commands.").Error);

    private static int Tell(Screen screen, ErrorLine error)
    {
        screen.Error(error);
        return error.ExitCodeOfTool;
    }
}
