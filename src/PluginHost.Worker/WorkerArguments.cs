using System.Globalization;

namespace PluginHost.Worker;

/// <summary>What the host tells a worker by its environment, before the channel speaks.</summary>
/// <param name="Descriptor">The descriptor of the channel.</param>
/// <param name="HostPid">The host's process id.</param>
internal sealed record WorkerArguments(int Descriptor, int HostPid)
{
    /// <summary>What a person reads who starts the worker by hand.</summary>
    public const string ByHand = """
        This program runs one plugin for a PluginHost application, in a process of its own. It is started by the application's engine, which
        gives it an open channel; started by hand it has nothing to do. To run plugins from a shell use the pluginhost tool:

            pluginhost run        start the plugins of a folder
            pluginhost call       call one method of one plugin
        """;

    /// <summary>Reads them, and takes them from the environment: they are none of the plugin's business.</summary>
    /// <returns>The arguments, or null with the problem where they are not there or not right.</returns>
    public static WorkerArguments? Take(string descriptorName, string hostName, out string? problem)
    {
        string? descriptor = Environment.GetEnvironmentVariable(descriptorName);
        string? host = Environment.GetEnvironmentVariable(hostName);
        Environment.SetEnvironmentVariable(descriptorName, null);
        Environment.SetEnvironmentVariable(hostName, null);
        if (descriptor is null)
        {
            problem = ByHand;
            return null;
        }

        if (!int.TryParse(descriptor, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 3)
        {
            problem = $"{descriptorName} is '{descriptor}'; expected the number of an open descriptor, 3 or above.";
            return null;
        }

        if (!int.TryParse(host, NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
        {
            problem = $"{hostName} is '{host}'; expected the host's process id.";
            return null;
        }

        problem = null;
        return new WorkerArguments(number, pid);
    }
}
