using System.Text.Json;
using PluginHost.Contracts.Invocation;
using PluginHost.Generators.Tests.Contracts;
using PluginHost.Generators.Tests.Contracts.Generated;
using PluginHost.Generators.Tests.Support;

namespace PluginHost.Generators.Tests.Emitting;

/// <summary>Every supported type through proxy, codec, dispatcher and back.</summary>
public sealed class ValuesEmitterTests
{
    private static readonly JsonSerializerOptions s_named = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private readonly Loopback _loopback;
    private readonly IEverything _proxy;

    public ValuesEmitterTests()
    {
        _loopback = new Loopback(EverythingContract.Instance.CreateDispatcher(new Echo { CompletesLater = true }));
        _proxy = (IEverything)EverythingContract.Instance.CreateProxy(_loopback);
    }

    [Fact]
    public async Task Every_type_comes_back_as_it_went()
    {
        CancellationToken none = CancellationToken.None;

        Assert.Equal(Samples.Least, _proxy.EchoNumbers(Samples.Least));
        Assert.Equal(Samples.Most, _proxy.EchoNumbers(Samples.Most));
        Assert.Equal(Samples.Texts, await _proxy.EchoTextsAsync(Samples.Texts, none));
        Assert.Equal(Text(Samples.Full), Text(await _proxy.EchoCollectionsAsync(Samples.Full, none)));
        Assert.Equal(Text(Samples.Tree), Text(await _proxy.EchoTreeAsync(Samples.Tree, none)));
        Page<Line> page = new([new Line("a", 1, "t")], null, 3);
        Assert.Equal(Text(page), Text(await _proxy.EchoPageAsync(page, none)));
        Assert.Null(await _proxy.EchoPageAsync(null, none));
        Odd odd = new() { Field = 3, At = new Point(1, -0.0), Maybe = new Point(2, 3) };
        Assert.Equal(odd, _proxy.EchoOdd(odd));
        Assert.Equal(Text(new Settings("n") { Key = "k", Size = 1 }), Text(_proxy.EchoSettings(new Settings("n") { Key = "k", Size = 1 })));
        Assert.Equal([1, 2, 3], await _proxy.BytesAsync([1], new byte[] { 2 }, new byte[] { 3 }, none));
        Assert.Null(await _proxy.BytesAsync(null, default, null, none));
        Assert.Equal((3, null), _proxy.Pair((2, null)));
        Assert.Null(_proxy.Text(null));
        Assert.Null(_proxy.Maybe());
        _proxy.Nothing();
        await _proxy.RunAsync(none);
        await _proxy.StopAsync(none);
    }

    [Fact]
    public async Task Empty_collections_stay_empty_and_an_array_that_was_never_made_becomes_empty()
    {
        Collections back = await _proxy.EchoCollectionsAsync(Samples.Empty, CancellationToken.None);

        Assert.Empty(back.Ints);
        Assert.True(back.Lines.IsEmpty && !back.Lines.IsDefault);
        Assert.Null(back.Jagged);
        Assert.Null(back.ByGuid);
    }

    [Fact]
    public void Random_numbers_and_texts_come_back()
    {
        Random random = new(20240229);
        for (int i = 0; i < 1000; i++)
        {
            Numbers sent = new(
                (byte)random.Next(), (sbyte)random.Next(), (short)random.Next(), (ushort)random.Next(), random.Next(int.MinValue, int.MaxValue),
                (uint)random.NextInt64(), random.NextInt64(long.MinValue, long.MaxValue), (ulong)random.NextInt64(), random.NextSingle(), random.NextDouble(),
                new decimal(random.Next(), random.Next(), random.Next(), random.Next(2) == 0, (byte)random.Next(29)), random.Next(2) == 0, (char)random.Next(65536),
                (Colour)(byte)random.Next(), (Huge)random.NextInt64(), random.Next(2) == 0 ? null : random.Next(), null, 1m);
            string text = new([.. Enumerable.Range(0, random.Next(20)).Select(_ => (char)random.Next(65536))]);

            Assert.Equal(sent, _proxy.EchoNumbers(sent));
            Assert.Equal(text, _proxy.Text(text));
        }
    }

    [Fact]
    public void Numbers_out_of_range_are_refused_with_the_type_and_the_value()
    {
        string[] members = ["a", "b", "c", "d", "e", "f", "g", "h", "n", "o"];
        foreach (string member in members)
        {
            ValueFormatException refused = Assert.Throws<ValueFormatException>(() => Read("EchoNumbers", Changed(member, new Token("number", decimal.MinValue))));
            Assert.Contains("does not fit", refused.Message);
        }

        Assert.Contains("256 does not fit byte", Assert.Throws<ValueFormatException>(() => Read("EchoNumbers", Changed("n", new Token("number", 256L)))).Message);
    }

    [Fact]
    public void A_member_that_is_missing_null_or_unknown_is_treated_as_its_type_says()
    {
        List<Token> settings = [new("[", 1), new("{", 3), new("name", "name"), new("string", "n"), new("name", "later"), new("{", 1), new("name", "x"), new("[", 0), new("]"), new("}"), new("name", "key"), new("string", "k"), new("}"), new("]")];
        Settings read = (Settings)Read("EchoSettings", settings)!;
        Assert.Equal(("n", "k", 42, "untitled"), (read.Name, read.Key, read.Size, read.Title));

        List<Token> missing = [new("[", 1), new("{", 1), new("name", "name"), new("string", "n"), new("}"), new("]")];
        Assert.Equal("Settings: the member 'key' is missing.", Assert.Throws<ValueFormatException>(() => Read("EchoSettings", missing)).Message);

        List<Token> isNull = [new("[", 1), new("{", 1), new("name", "name"), new("null"), new("}"), new("]")];
        Assert.Contains("Settings: 'name' is null", Assert.Throws<ValueFormatException>(() => Read("EchoSettings", isNull)).Message);
        Assert.Contains("Everything.EchoSettings: 'settings' is null", Assert.Throws<ValueFormatException>(() => Read("EchoSettings", [new("[", 1), new("null"), new("]")])).Message);
    }

    [Fact]
    public void A_null_that_may_not_be_is_refused_before_it_is_sent()
    {
        Assert.Contains("Everything.Sure: 'text' is null", Assert.Throws<ValueFormatException>(() => _proxy.Sure(null!)).Message);
        Assert.Contains("The result: 'string' is null", Assert.Throws<ValueFormatException>(() => _proxy.Sure("null")).Message);
        Assert.Contains("Line: 'sku' is null", Assert.Throws<ValueFormatException>(() => _proxy.EchoPageAsync(new Page<Line>([new Line(null!)], null, 0), default).GetAwaiter().GetResult()).Message);
    }

    [Fact]
    public async Task Members_travel_in_camel_case_and_enums_and_keys_as_numbers()
    {
        _proxy.EchoOdd(new Odd { Field = 1 });
        Assert.Equal("[:1 {:3 name:field number:1 name:at {:2 name:x number:0 name:y number:0 }: name:maybe null: }: ]:", string.Join(' ', _loopback.LastArguments));

        await _proxy.EchoCollectionsAsync(Samples.Full, default);
        Assert.Contains("name:byColour {:1 name:7 [:2 number:1 number:2 ]: }:", string.Join(' ', _loopback.LastAnswer));
    }

    private static string Text<T>(T value) => JsonSerializer.Serialize(Normal(value), s_named);

    // System.Text.Json writes no fields of tuples, and no default immutable arrays.
    private static object? Normal(object? value) => value is Collections c
        ? new { c.Ints, c.List, c.Lines, c.ReadOnly, c.Bag, c.Collection, c.Guids, c.Lazy, c.Jagged, c.Blobs, c.Counts, c.ByNumber, c.ByGuid, c.ByColour, Nested = c.Nested.ToString().Replace("System.String[]", ""), c.Reference }
        : value;

    private static object? Read(string method, List<Token> arguments)
    {
        Echo echo = new();
        Dispatcher dispatcher = EverythingContract.Instance.CreateDispatcher(echo);
        int index = dispatcher.Find(System.Text.Encoding.UTF8.GetBytes("Everything." + method));
        TokenReader reader = new(arguments);
        TokenReply reply = new();
        dispatcher.InvokeAsync(index, ref reader, reply, default).AsTask().GetAwaiter().GetResult();
        TokenReader answer = new(reply.Tokens!);
        return method == "EchoSettings" ? EverythingCalls.EchoSettingsCall.ReadResult(ref answer) : EverythingCalls.EchoNumbersCall.ReadResult(ref answer);
    }

    private static List<Token> Changed(string member, Token to)
    {
        List<Token> tokens = [];
        TokenWriter writer = new(tokens);
        new EverythingCalls.EchoNumbersCall(Samples.Most).WriteArguments(ref writer);
        tokens[tokens.FindIndex(t => t is { Kind: "name" } && (string)t.Value! == member) + 1] = to;
        return tokens;
    }
}
