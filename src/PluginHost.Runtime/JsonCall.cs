using System.Text;
using System.Text.Json;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Runtime;

/// <summary>Calls a plugin by name with JSON arguments, through the same guard as the application, on every tier.</summary>
internal static class JsonCall
{
    /// <summary>Finds the method, reads the arguments, calls, and writes the result.</summary>
    public static async ValueTask<string> InvokeAsync(PluginSupervisor supervisor, string method, string arguments, CancellationToken cancellationToken)
    {
        byte[] name = Encoding.UTF8.GetBytes(method);
        foreach (PluginGuardSite site in supervisor.Sites)
        {
            Dispatcher dispatcher = site.Contract.CreateDispatcher(site.Caller);
            int index = dispatcher.Find(name);
            if (index >= 0)
            {
                JsonReply reply = new();
                try
                {
                    await Start(dispatcher, index, arguments, reply, cancellationToken).ConfigureAwait(false);
                }
                catch (ValueFormatException e)
                {
                    throw new FormatException($"The arguments of {method} do not fit: {e.Message}", e);
                }

                return reply.Text;
            }
        }

        if (supervisor.Plugin.Placement.Tier is null)
        {
            throw new PluginRefusedException(
                $"{supervisor.Plugin.Id} may not run: {supervisor.Plugin.Placement.Refusal}",
                new PluginFault(supervisor.Plugin.Id, FaultKind.Refused));
        }

        string known = string.Join(", ", supervisor.Sites.SelectMany(s => s.Contract.Methods).Select(m => m.WireName));
        throw new KeyNotFoundException($"{supervisor.Plugin.Id} has no method '{method}'. There are: {known}.");
    }

    private static ValueTask Start(Dispatcher dispatcher, int method, string arguments, Reply reply, CancellationToken cancellationToken)
    {
        string text = string.IsNullOrWhiteSpace(arguments) ? "[]" : arguments;
        CheckWellFormed(text);
        JsonValueReader reader = new(Encoding.UTF8.GetBytes(text));
        return dispatcher.InvokeAsync(method, ref reader, reply, cancellationToken);
    }

    // The dispatcher's reader stops after the arguments it knows; a person's text is held to be one whole document.
    private static void CheckWellFormed(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object or JsonValueKind.Null))
            {
                throw new FormatException($"The arguments are a {document.RootElement.ValueKind}; expected a JSON array (by position) or object (by name).");
            }
        }
        catch (JsonException e)
        {
            throw new FormatException($"The arguments are no JSON: {e.Message} Expected an array (by position) or an object (by name).", e);
        }
    }

    private sealed class JsonReply : Reply
    {
        private readonly OutputBuffer _output = new();

        public string Text => _output.Length == 0 ? "null" : Encoding.UTF8.GetString(_output.WrittenSpan);

        public override void Send<TResult>(in TResult result)
        {
            JsonValueWriter writer = new(_output);
            result.Write(ref writer);
        }
    }
}
