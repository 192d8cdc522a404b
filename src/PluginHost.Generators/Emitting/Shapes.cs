using PluginHost.Generators.Model;
using PluginHost.Generators.Parsing;

namespace PluginHost.Generators.Emitting;

/// <summary>Names that the generated parts of an assembly use of each other.</summary>
internal static class Shapes
{
    public const string Invocation = "global::PluginHost.Contracts.Invocation.";
    public const string WriterBound = "where TWriter : struct, " + Invocation + "IValueWriter, allows ref struct";
    public const string ReaderBound = "where TReader : struct, " + Invocation + "IValueReader, allows ref struct";
    public const string FormatException = Invocation + "ValueFormatException";
    public const string Token = "global::System.Threading.CancellationToken";

    /// <summary>The namespace of a contract's generated types.</summary>
    public static string SpaceOf(ContractModel contract) => Names.GeneratedSpace(contract.Namespace);

    /// <summary>The namespace of an assembly's readers and writers.</summary>
    public static string ValuesSpace(string assembly) => Escape(assembly.Split('.').Select(Identifier)) + ".Generated";

    public static string Quote(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"";

    public static string Utf8(string text) => Quote(text) + "u8";

    /// <summary>The length of a name in UTF-8, by which names are told apart first.</summary>
    public static int Utf8Length(string text) => System.Text.Encoding.UTF8.GetByteCount(text);

    /// <summary>A method's call struct, from outside its class.</summary>
    public static string CallOf(ContractModel contract, MethodModel method) => $"{contract.Name}Calls.{method.Name}Call";

    /// <summary>A method's name in C#.</summary>
    public static string NameOf(MethodModel method) => Names.Escape(method.Name);

    private static string Escape(IEnumerable<string> parts) => string.Join(".", parts.Select(Names.Escape));

    private static string Identifier(string part)
    {
        string name = new([.. part.Select(c => char.IsLetterOrDigit(c) || c == '_' ? c : '_')]);
        return name.Length == 0 || char.IsDigit(name[0]) ? "_" + name : name;
    }
}
