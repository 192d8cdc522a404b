using System.Text;
using PluginHost.Contracts.Invocation;
using PluginHost.Generators.Tests.Contracts;
using PluginHost.Generators.Tests.Contracts.Generated;
using PluginHost.Generators.Tests.Support;

namespace PluginHost.Generators.Tests.Emitting;

/// <summary>Names, arguments and errors as a caller in any language may send them.</summary>
public sealed class DispatcherEmitterTests
{
    private readonly Echo _echo = new();
    private readonly TokenReply _reply = new();
    private readonly Dispatcher _dispatcher;

    public DispatcherEmitterTests() => _dispatcher = EverythingContract.Instance.CreateDispatcher(_echo);

    [Fact]
    public void Both_spellings_of_a_name_are_found_and_a_given_name_only_as_given()
    {
        foreach (ContractMethod method in EverythingContract.Instance.Methods)
        {
            Assert.Equal(method.Index, Find(method.WireName));
        }

        Assert.Equal(Find("Everything.Run"), Find("Everything.RunAsync"));
        Assert.Equal(Find("Everything.Add"), Find("Everything.AddAsync"));
        Assert.Equal("Awkward", EverythingContract.Instance.Methods[Find("Everything.odd_name")].Name);
        Assert.All(["Everything.Awkward", "Everything.odd_nameAsync", "Everything.add", "Add", "", "Everything.AddAsyncAsync"], name => Assert.Equal(-1, Find(name)));
    }

    [Fact]
    public void Arguments_come_by_position_by_name_or_not_at_all()
    {
        Assert.Equal("number:3", Call("Add", new("[", 2), Number(1), Number(2), new("]")));
        Assert.Equal("number:6", Call("Add", new("[", 1), Number(1), new("]")));
        Assert.Equal("number:3", Call("Add", new("{", 2), new("name", "b"), Number(2), new("name", "a"), Number(1), new("}")));
        Assert.Equal("number:6", Call("Add", new("{", 1), new("name", "a"), Number(1), new("}")));
        Assert.Equal("null:", Call("Nothing", new Token("null")));
        Assert.Equal("null:", Call("Nothing", new("[", 0), new("]")));
        Assert.Equal("null:", Call("Maybe", new Token("null")));
        Assert.Equal(((int?)null, Colour.Green, "none\"\n", 0.5, 'x', 1.5m), _echo.Last);
    }

    [Theory]
    [InlineData("Everything.Add takes 2 argument(s); found 0.", "[:0", "]:")]
    [InlineData("Everything.Add takes 2 argument(s); found 3.", "[:3", "number:1", "number:2", "number:3", "]:")]
    [InlineData("Everything.Add takes 2 argument(s); found none.", "null:")]
    [InlineData("Everything.Add takes 2 argument(s); found 'c'.", "{:1", "name:c", "number:1", "}:")]
    [InlineData("Everything.Add: the member 'a' is missing.", "{:1", "name:b", "number:1", "}:")]
    [InlineData("Everything.Add takes 2 argument(s); found neither an array, nor a map, nor null.", "number:1")]
    public void Arguments_that_do_not_fit_are_refused_before_the_call(string message, params string[] tokens)
    {
        Token[] arguments = [.. tokens.Select(Parse)];

        Assert.Equal(message, Assert.Throws<ValueFormatException>(() => Call("Add", arguments)).Message);
        Assert.Null(_echo.Last);
        Assert.False(_reply.HasReadArguments);
    }

    [Fact]
    public void The_reply_is_told_of_the_arguments_before_the_implementation_is_called()
    {
        Dispatcher dispatcher = EverythingContract.Instance.CreateDispatcher(new Echo { Fault = () => new ValueFormatException("its own") });
        TokenReader reader = new([new("[", 1), Number(1), new("]")]);

        try
        {
            dispatcher.InvokeAsync(Find("Everything.Add"), ref reader, _reply, default).AsTask();
            Assert.Fail("It did not throw.");
        }
        catch (ValueFormatException thrown)
        {
            Assert.Equal("its own", thrown.Message);
        }

        Assert.True(_reply.HasReadArguments);
    }

    [Fact]
    public async Task Declared_errors_cross_with_their_values_and_others_do_not()
    {
        IEverything proxy = (IEverything)EverythingContract.Instance.CreateProxy(new Loopback(_dispatcher));

        MissingException missing = await Assert.ThrowsAsync<MissingException>(async () => await proxy.FindAsync(-7, default));
        Assert.Equal(("nothing there", -7), (missing.Message, missing.Id));
        Assert.Equal("zero", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await proxy.FindAsync(0, default))).Message);
        Assert.Equal(-1, Assert.Throws<MissingException>(() => proxy.Get(-1)).Id);

        int get = Find("Everything.Get");
        Assert.Null(_dispatcher.FindError(get, new InvalidOperationException()));
        Assert.Null(_dispatcher.FindError(Find("Everything.Add"), missing));
        Assert.Equal(typeof(MissingException).FullName, _dispatcher.FindError(get, missing));
    }

    [Fact]
    public async Task A_method_that_gives_no_task_is_a_clear_fault_and_an_unknown_index_is_refused()
    {
        IEverything proxy = (IEverything)EverythingContract.Instance.CreateProxy(new Loopback(_dispatcher));

        InvalidOperationException thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => proxy.Awkward(0, 1, 2, 3, default));
        Assert.Equal("Everything.odd_name returned null in place of a task.", thrown.Message);
        Assert.Equal(10, await proxy.Awkward(1, 2, 3, 4, default));
        Assert.Equal(3, await proxy.PlainAsync(2));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            TokenReader reader = new([]);
            _dispatcher.InvokeAsync(99, ref reader, new TokenReply(), default).AsTask();
        });
    }

    [Fact]
    public async Task Inherited_methods_and_the_token_reach_the_implementation()
    {
        using CancellationTokenSource source = new();
        IEverything proxy = (IEverything)EverythingContract.Instance.CreateProxy(new Loopback(_dispatcher));
        Assert.Equal(4, proxy.Waits(4, source.Token));
        Assert.Equal(source.Token, _echo.Token);

        DerivedContract derived = DerivedContract.Instance;
        IDerived child = (IDerived)derived.CreateProxy(new Loopback(derived.CreateDispatcher(new Child())));
        Assert.Equal((2, 20), (child.First(1), await child.SecondAsync(10, default)));
        Assert.Equal(["Child.First", "Child.Second"], derived.Methods.Select(m => m.WireName));
    }

    [Fact]
    public void A_descriptor_says_what_the_attributes_say_and_is_found_by_its_interface()
    {
        ContractDescriptor contract = ContractDescriptor.Find(typeof(IEverything))!;

        Assert.IsType<EverythingContract>(contract);
        Assert.Equal("PluginHost.Generators.Tests.Contracts.IEverything@2", contract.VersionedName);
        ContractMethod find = contract.Methods.Single(m => m.Name == "FindAsync");
        Assert.Equal((TimeSpan.FromSeconds(2), true, false), (find.Timeout, find.IsIdempotent, find.IsSynchronous));
        Assert.Equal(["id"], find.Parameters);
        Assert.True(contract.Methods[0].IsSynchronous);
        Assert.Equal(contract.Methods.Select(m => m.Index), Enumerable.Range(0, contract.Methods.Count));
    }

    private static Token Number(long value) => new("number", value);

    private static Token Parse(string text)
    {
        string[] parts = text.Split(':');
        return parts[0] switch
        {
            "[" or "{" => new Token(parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)),
            "number" => Number(long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)),
            "name" => new Token("name", parts[1]),
            _ => new Token(parts[0]),
        };
    }

    private int Find(string name) => _dispatcher.Find(Encoding.UTF8.GetBytes(name));

    private string Call(string method, params Token[] arguments)
    {
        TokenReader reader = new([.. arguments]);
        TokenReply reply = _reply.Tokens is null ? _reply : new TokenReply();
        _dispatcher.InvokeAsync(Find("Everything." + method), ref reader, reply, default).AsTask().GetAwaiter().GetResult();
        Assert.True(reader.IsAtEnd);
        return string.Join(' ', reply.Tokens!);
    }

    private sealed class Child : IDerived
    {
        public int First(int a) => a + 1;

        public Task<int> SecondAsync(int b, CancellationToken cancellationToken) => Task.FromResult(b * 2);
    }
}
