using PluginHost.DumpReader.Memory;

namespace PluginHost.DumpReader.Naming;

/// <summary>Parts of the framework that remember types, and containers.</summary>
internal static class CacheRules
{
    public static IReadOnlyList<HolderRule> All { get; } =
    [
        new(
            "json",
            c => c.Touches("System.Text.Json."),
            _ => "System.Text.Json remembers types of the plugin that it has looked at by reflection",
            "Use source generation: a JsonSerializerContext of the plugin's own."),
        new(
            "type-descriptor",
            c => c.BeginsAt("System.ComponentModel."),
            _ => "TypeDescriptor remembers types of the plugin that it was asked about",
            "Use reflection in place of TypeDescriptor, or ship a copy of System.ComponentModel.TypeConverter.dll with the plugin."),
        new(
            "dynamic",
            c => c.BeginsAt("Microsoft.CSharp.RuntimeBinder."),
            _ => "'dynamic' remembers types of the plugin that it was used on",
            "Use an interface or reflection in place of 'dynamic'."),
        new(
            "dispatch-proxy",
            c => c.Passes("System.Reflection.DispatchProxyGenerator"),
            _ => "DispatchProxy has made a type for the plugin, which stays for ever",
            "Write the proxy as a class."),
        new(
            "expression",
            c => c.BeginsAt("System.Linq.Expressions.") || c.BeginsAt("System.Dynamic."),
            _ => "Interpreted expressions remember types of the plugin",
            "Call Compile() in place of Compile(preferInterpretation: true)."),
        new(
            "xml",
            c => c.BeginsAt("System.Xml.Serialization."),
            _ => "XmlSerializer remembers a list or another generic type over types of the plugin",
            "Use DataContractSerializer, or give XmlSerializer a class of the plugin in place of the list."),
        new(
            "dependency-injection",
            c => c.LeadsFrom("Microsoft.Extensions.DependencyInjection."),
            _ => "The application's IServiceProvider remembers types of the plugin that it was asked for",
            "Let the plugin have a provider of its own, disposed in DisposeAsync, or make its objects with ActivatorUtilities."),
        new(
            "logger-factory",
            c => c.LeadsFrom("Microsoft.Extensions.Logging.LoggerFactory"),
            c => $"The application's logger factory holds {c.End.InWords()}",
            "Log by IPluginContext.Logger."),
    ];
}
