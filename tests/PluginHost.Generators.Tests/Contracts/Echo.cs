namespace PluginHost.Generators.Tests.Contracts;

/// <summary>Answers with what it is given, and remembers it.</summary>
internal class Echo : IEverything
{
    public object? Last { get; private set; }

    public TaskCompletionSource<int>? Gate { get; init; }

    public bool CompletesLater { get; set; }

    public CancellationToken Token { get; private set; }

    public Func<Exception>? Fault { get; init; }

    public int Add(int a, int b) => Fault is { } fault ? throw fault() : a + b;

    public void Nothing() => Last = "nothing";

    public string? Text(string? text) => text;

    public string Sure(string text) => text == "null" ? null! : text;

    public Numbers EchoNumbers(Numbers numbers) => numbers;

    public Task<Texts> EchoTextsAsync(Texts texts, CancellationToken cancellationToken) => Soon(texts);

    public ValueTask<Collections> EchoCollectionsAsync(Collections collections, CancellationToken cancellationToken) => new(Soon(collections));

    public ValueTask<Tree> EchoTreeAsync(Tree tree, CancellationToken cancellationToken) => new(Soon(tree));

    public Task<Page<Line>?> EchoPageAsync(Page<Line>? page, CancellationToken cancellationToken) => Soon(page);

    public Odd EchoOdd(Odd odd) => odd;

    public Settings EchoSettings(Settings settings) => settings;

    public async ValueTask<byte[]?> BytesAsync(byte[]? bytes, Memory<byte> memory, ReadOnlyMemory<byte>? readOnly, CancellationToken cancellationToken)
    {
        await Soon(0);
        return bytes is null ? null : [.. bytes, .. memory.ToArray(), .. readOnly?.ToArray() ?? []];
    }

    public IReadOnlyList<string> Names(IEnumerable<string> names, IReadOnlyDictionary<string, IReadOnlyList<int>> more)
    {
        Last = (names, more);
        return new PluginList<string>(names.Concat(more.SelectMany(m => m.Value.Select(v => $"{m.Key}{v}"))));
    }

    public (int Count, string? Name) Pair((int Count, string? Name) pair) => (pair.Count + 1, pair.Name);

    public int? Maybe(int? value, Colour colour, string name, double ratio, char c, decimal m)
    {
        Last = (value, colour, name, ratio, c, m);
        return value;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Token = cancellationToken;
        await Soon(0);
        await (Gate?.Task ?? Task.FromResult(0));
    }

    public async ValueTask StopAsync(CancellationToken cancellationToken) => await RunAsync(cancellationToken);

    public async ValueTask<int> FindAsync(int id, CancellationToken cancellationToken)
    {
        await Soon(0);
        return id switch
        {
            < 0 => throw new MissingException("nothing there", id),
            0 => throw new InvalidOperationException("zero"),
            _ => id,
        };
    }

    public int Get(int id) => id < 0 ? throw new MissingException("nothing there", id) : throw new InvalidOperationException("not declared here");

    public int Waits(int a, CancellationToken cancellationToken)
    {
        Token = cancellationToken;
        return a;
    }

    public Task<int> Awkward(int entry, int inside, int @class, int token, CancellationToken result) =>
        entry == 0 ? null! : Task.FromResult(entry + inside + @class + token);

    protected async Task<T> Soon<T>(T value)
    {
        Last = value;
        if (CompletesLater)
        {
            await Task.Yield();
        }

        return Fault is { } fault ? throw fault() : value;
    }
}

/// <summary>A collection of a plugin's own.</summary>
internal sealed class PluginList<T>(IEnumerable<T> items) : List<T>(items);
