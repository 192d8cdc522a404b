using System.Text;
using System.Text.Json;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;
using PluginHost.Runtime.Tests.Support;

namespace PluginHost.Runtime.Tests.Docs;

/// <summary>docs/other-languages.md says what the code does.</summary>
public sealed class OtherLanguagesPageTests
{
    private static readonly TypesOfValues s_values = new()
    {
        Boolean = true,
        Integer = -3,
        Large = ulong.MaxValue,
        Number = 0.1,
        Amount = 12.50m,
        Character = 'é',
        Text = "é \"x\"\n",
        Nothing = null,
        Day = Day.Tuesday,
        Guid = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
        Utc = new DateTime(2026, 2, 28, 13, 30, 0, DateTimeKind.Utc),
        Unspecified = new DateTime(2026, 2, 28, 13, 30, 0),
        Offset = new DateTimeOffset(2026, 2, 28, 13, 30, 0, TimeSpan.FromHours(2)),
        Date = new DateOnly(2026, 2, 28),
        Time = new TimeOnly(13, 30, 0, 250),
        Duration = new TimeSpan(1, 2, 3, 4, 500),
        Link = new Uri("https://example.org/a?b=c"),
        Version = new Version(1, 2, 3),
        Bytes = [0, 1, 254, 255],
        Memory = new byte[] { 104, 105 },
        List = [1, 2, 3],
        Array = ["a", "b"],
        Dictionary = new Dictionary<string, int> { ["a b"] = 1, ["c"] = 2 },
        ByNumber = new Dictionary<int, string> { [1] = "one" },
        ByDay = new Dictionary<Day, string> { [Day.Monday] = "first" },
        Tuple = (2, "two"),
        Place = new Place("Main Street", null),
    };

    public static TheoryData<string> Members => [.. typeof(TypesOfValues).GetProperties().Where(p => p.Name != "EqualityContract").Select(p => p.Name)];

    private static string Page { get; } = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Schemas", "other-languages.md"));

    [Theory]
    [MemberData(nameof(Members))]
    public void The_table_of_types_shows_what_goes_over_the_wire(string member)
    {
        string name = JsonNamingPolicy.CamelCase.ConvertName(member);

        string json = Echoed().RootElement.GetProperty(name).GetRawText();

        Assert.Contains($"`{json}` | <!-- {name} -->", Page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("samples-wordcount-node", "main.js")]
    [InlineData("samples-wordcount-python", "main.py")]
    public void The_page_names_the_samples(string folder, string file) =>
        Assert.Contains($"plugins/{folder}/{file}", Page, StringComparison.Ordinal);

    /// <summary>A whole program that the page shows.</summary>
    internal static string Example(string file)
    {
        int at = Page.IndexOf($"<!-- example: {file} -->", StringComparison.Ordinal);
        int from = Page.IndexOf('\n', Page.IndexOf("```", at, StringComparison.Ordinal)) + 1;
        return Page[from..Page.IndexOf("\n```", from, StringComparison.Ordinal)];
    }

    private static JsonDocument Echoed()
    {
        Dispatcher dispatcher = ContractDescriptor.Find(typeof(ITypes))!.CreateDispatcher(new Echo());
        Kept first = new();
        JsonValueReader reader = new("[null]"u8);
        dispatcher.InvokeAsync(dispatcher.Find("Types.Echo"u8), ref reader, first, CancellationToken.None).AsTask().GetAwaiter().GetResult();

        // What was written is read back and written again: the form holds both ways.
        Kept second = new();
        JsonValueReader again = new(Encoding.UTF8.GetBytes($"[{first.Text}]"));
        dispatcher.InvokeAsync(dispatcher.Find("Types.Echo"u8), ref again, second, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        Assert.Equal(first.Text, second.Text);
        return JsonDocument.Parse(second.Text);
    }

    private sealed class Echo : ITypes
    {
        TypesOfValues ITypes.Echo(TypesOfValues? values) => values ?? s_values;
    }

    private sealed class Kept : Reply
    {
        private readonly OutputBuffer _output = new();

        public string Text => Encoding.UTF8.GetString(_output.WrittenSpan);

        public override void Send<TResult>(in TResult result)
        {
            JsonValueWriter writer = new(_output);
            result.Write(ref writer);
        }
    }
}
