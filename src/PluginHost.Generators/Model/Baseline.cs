using System.Globalization;

namespace PluginHost.Generators.Model;

/// <summary>
/// The text that keeps what a release of a contract promised: a line an item, its fields apart by <c>|</c>, what belongs to it indented below. The file
/// is the generated one, copied: each line may begin as a comment of C#.
/// </summary>
internal static class Baseline
{
    /// <summary>The name of the file in a contract's project.</summary>
    public const string FileName = "contracts.baseline.txt";

    public const string Contract = "contract";
    public const string Method = "method";
    public const string Parameter = "parameter";
    public const string Throws = "throws";
    public const string Data = "data";
    public const string Error = "error";
    public const string Member = "member";
    public const string Enum = "enum";
    public const string Value = "value";

    /// <summary>Facts of a method: who declares it, its wire name, what it gives, and whether a lost call may be sent again.</summary>
    public const int DeclaredBy = 0, WireName = 1, Gives = 2, Promise = 3;

    /// <summary>Facts of a parameter or member: its type, whether it may be left out, and for a parameter how long an object lives.</summary>
    public const int Type = 0, Need = 1, Life = 2;

    /// <summary>The words of facts that are yes or no.</summary>
    public const string Required = "required", Optional = "optional", Idempotent = "idempotent", Once = "once", Call = "call", Lease = "lease", Copied = "value";

    private const char Bar = '|';
    private const char Remark = '#';

    /// <summary>A contract as it is now.</summary>
    public static ReleasedEntry Of(ContractModel model)
    {
        ReleasedEntry contract = new(Contract, model.FullName, [model.Major.ToString(CultureInfo.InvariantCulture), model.WireName]);
        foreach (MethodModel method in model.Methods)
        {
            AddMethod(contract, method);
        }

        foreach (ErrorModel error in model.Methods.SelectMany(m => m.Errors).GroupBy(e => e.FullName).Select(g => g.First()).OrderBy(e => e.FullName, StringComparer.Ordinal))
        {
            AddMembers(contract.Add(new(Error, error.FullName, [Plain(error.Constructors[0])])), error.Arguments);
        }

        foreach (DataModel data in model.Data)
        {
            AddMembers(contract.Add(new(Data, Plain(data.Type.Code), [data.Type.IsReference ? "class" : "struct", Plain(data.Constructors[0])])), data.Members);
        }

        foreach (EnumModel item in model.Enums)
        {
            ReleasedEntry entry = contract.Add(new(Enum, Plain(item.Code), [item.Underlying]));
            foreach (EnumValueModel value in item.Values)
            {
                entry.Add(new(Value, value.Name, [value.Number]));
            }
        }

        return contract;
    }

    /// <summary>A type in C# as a baseline has it.</summary>
    public static string Plain(string code) => code.Replace("global::", string.Empty);

    /// <summary>Writes entries as lines, without line ends.</summary>
    public static IEnumerable<string> Write(IEnumerable<ReleasedEntry> entries, int depth = 0) => entries.SelectMany(e =>
        Write(e.Children, depth + 1).Prepend(new string(' ', depth * 2) + string.Join(" | ", new[] { e.Kind, e.Name }.Concat(e.Facts))));

    /// <summary>Reads a baseline.</summary>
    /// <param name="lines">Its lines.</param>
    /// <param name="bad">Told of a line, from 0, that cannot be read, and why.</param>
    /// <returns>Its contracts.</returns>
    public static IReadOnlyList<ReleasedEntry> Read(IEnumerable<string> lines, Action<int, string> bad)
    {
        List<ReleasedEntry> contracts = [];
        ReleasedEntry? item = null;
        int number = -1;
        foreach (string line in lines)
        {
            number++;
            if (Fields(line) is not { } fields)
            {
                continue;
            }

            if (WhyBad(fields) is { } reason)
            {
                bad(number, reason);
                continue;
            }

            ReleasedEntry entry = new(fields[0], fields[1], fields.Skip(2).ToArray(), number);
            string? parent = ParentOf(entry.Kind, item);
            if (entry.Kind == Contract)
            {
                contracts.Add(entry);
                item = null;
            }
            else if (contracts.Count == 0 || parent is null)
            {
                bad(number, $"'{entry.Kind}' stands below nothing that it could belong to");
            }
            else if (parent == Contract)
            {
                item = contracts[contracts.Count - 1].Add(entry);
            }
            else
            {
                item!.Add(entry);
            }
        }

        return contracts;
    }

    private static string? ParentOf(string kind, ReleasedEntry? item) => kind switch
    {
        Method or Error or Data or Enum => Contract,
        Parameter or Throws when item?.Kind == Method => Method,
        Member when item?.Kind is Data or Error => Data,
        Value when item?.Kind == Enum => Enum,
        _ => null,
    };

    private static string[]? Fields(string line)
    {
        string text = line.Trim();
        text = text.StartsWith("//", StringComparison.Ordinal) ? text.Substring(2) : text;
        int remark = text.IndexOf(Remark);
        text = (remark < 0 ? text : text.Substring(0, remark)).Trim();
        return text.Length == 0 || text == "<auto-generated/>" ? null : text.Split(Bar).Select(f => f.Trim()).ToArray();
    }

    private static string? WhyBad(string[] fields)
    {
        int facts = fields[0] switch
        {
            Throws => 0,
            Error or Enum or Value => 1,
            Contract or Data or Member => 2,
            Parameter => 3,
            Method => 4,
            _ => -1,
        };
        return facts < 0 ? $"'{fields[0]}' is no word of a baseline"
            : fields.Length != facts + 2 ? $"'{fields[0]}' has {fields.Length - 1} field(s), and needs {facts + 1}"
            : null;
    }

    private static void AddMethod(ReleasedEntry contract, MethodModel method)
    {
        ReleasedEntry entry = contract.Add(new(
            Method, method.Name, [Plain(method.DeclaringCode), method.WireName, Plain(method.ReturnCode), method.IsIdempotent ? Idempotent : Once]));
        foreach (ParameterModel parameter in method.Parameters)
        {
            // The token does not cross: leaving it out is C#'s own business.
            bool isOptional = parameter.Type is null || parameter.DefaultCode is not null || parameter.Type.IsNullable;
            entry.Add(new(
                Parameter, parameter.Name, [Plain(parameter.Code), isOptional ? Optional : Required, Lifetime(parameter)]));
        }

        foreach (ErrorModel error in method.Errors)
        {
            entry.Add(new(Throws, error.FullName, []));
        }
    }

    private static string Lifetime(ParameterModel parameter) =>
        parameter.Type is not { Shape: TypeShape.ContractObject } type ? Copied : type.IsCallScoped ? Call : Lease;

    private static void AddMembers(ReleasedEntry owner, IEnumerable<MemberModel> members)
    {
        foreach (MemberModel member in members)
        {
            owner.Add(new(Member, member.Name, [Plain(member.Type.Type), member.IsRequired ? Required : Optional]));
        }
    }
}
