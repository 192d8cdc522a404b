using System.Threading.Tasks.Sources;

namespace PluginHost.Generators.Tests.Contracts;

/// <summary>Gives objects of its own classes wherever a contract's type lets it.</summary>
internal sealed class Hoarder(Task<int> own) : Echo, IEverything
{
    public object? Given { get; private set; }

    Task<int> IEverything.Awkward(int entry, int inside, int @class, int token, CancellationToken result) => own;

    IReadOnlyList<string> IEverything.Names(IEnumerable<string> names, IReadOnlyDictionary<string, IReadOnlyList<int>> more)
    {
        Given = names;
        return Names(names, more);
    }

    ValueTask<Tree> IEverything.EchoTreeAsync(Tree tree, CancellationToken cancellationToken) =>
        new(Soon(tree with { Children = new PluginList<Tree>([new Tree("child", new PluginList<Tree>([]))]) }));

    ValueTask<Collections> IEverything.EchoCollectionsAsync(Collections collections, CancellationToken cancellationToken) => new(Soon(collections with
    {
        List = new PluginList<string?>(["x"]),
        Lazy = new PluginList<int?>([1]),
        Counts = new Dictionary<string, int>(new PluginComparer()) { ["a"] = 1 },
        Reference = new PluginTuple(),
        ByColour = new() { [Colour.Green] = new PluginList<int>([1, 2]) },
    }));

    // Its own completed task where the number is even, else a source of its own, which ends well for 1 and throws at whoever asks how it stands for others.
    ValueTask<int> IEverything.FindAsync(int id, CancellationToken cancellationToken) => id % 2 == 0 ? new(own) : new(new PluginSource(id), 0);

    Task<Texts> IEverything.EchoTextsAsync(Texts texts, CancellationToken cancellationToken) => Soon(texts with { Address = new PluginUri() });

    private sealed class PluginSource(int id) : IValueTaskSource<int>
    {
        public int GetResult(short token) => id;

        public ValueTaskSourceStatus GetStatus(short token) => id == 1 ? ValueTaskSourceStatus.Succeeded : throw new FormatException("odd");

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => throw new FormatException("odd");
    }

    private sealed class PluginTuple() : Tuple<int, string?>(1, "two");

    private sealed class PluginUri() : Uri("https://example.com");

    private sealed class PluginComparer : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) => x == y;

        public int GetHashCode(string obj) => obj.Length;
    }
}

/// <summary>Changes its caller's ambient state.</summary>
internal sealed class Leaker(AsyncLocal<string?> ambient) : Echo, IEverything
{
    int IEverything.Add(int a, int b)
    {
        ambient.Value = "plugin's";
        return a + b;
    }

    Task IEverything.RunAsync(CancellationToken cancellationToken) => throw new FormatException("odd");
}
