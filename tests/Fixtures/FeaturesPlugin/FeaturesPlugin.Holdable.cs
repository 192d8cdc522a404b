using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Fixtures.Features.Contract;

namespace Fixtures.Features.Plugin;

/// <content>What the application may hold.</content>
[SuppressMessage("Reliability", "CA2000", Justification = "What is left behind is what the tests are about.")]
[SuppressMessage("Design", "CA1001", Justification = "The same.")]
public sealed partial class FeaturesPlugin : IHoldable
{
    private readonly SemaphoreSlim _never = new(0);
    private CancellationToken _kept;
    private int _told;

    public async Task<string> LaterAsync(string text, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return text;
    }

    public async Task<string> AtOnceAsync(string text)
    {
        await Task.CompletedTask;
        return text;
    }

    public IReadOnlyList<string> List(int count) => new OwnList(count);

    public Task<IReadOnlyDictionary<string, int>> MapAsync(int count) =>
        Task.FromResult<IReadOnlyDictionary<string, int>>(new OwnMap(Enumerable.Range(0, count).ToDictionary(i => $"{i}", i => i)));

    public Task GiveAsync(IKeeper keeper, CancellationToken cancellationToken)
    {
        CancellationTokenSource own = new();
        own.Token.Register(static plugin => ((FeaturesPlugin)plugin!)._told++, this);
        return keeper.KeepAsync(new OwnProgress(this), own.Token);
    }

    public Task RegisterAsync(CancellationToken cancellationToken)
    {
        Register(cancellationToken);
        return Task.CompletedTask;
    }

    public Task KeepTokenAsync(CancellationToken cancellationToken)
    {
        _kept = cancellationToken;
        return Task.CompletedTask;
    }

    public void RegisterOnKept() => Register(_kept);

    public Task ThrowAsync() => throw new OwnException("own", new OwnException("inner", null));

    private void Register(CancellationToken cancellationToken)
    {
        cancellationToken.Register(static plugin => ((FeaturesPlugin)plugin!)._told++, this);
        CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        linked.Token.Register(static plugin => ((FeaturesPlugin)plugin!)._told++, this);
        _ = _never.WaitAsync(cancellationToken).ContinueWith(_ => _told++, TaskScheduler.Default);
    }

    private sealed class OwnProgress(FeaturesPlugin plugin) : IProgress<int>
    {
        public void Report(int value) => plugin._told++;
    }

    private sealed class OwnList(int count) : IReadOnlyList<string>
    {
        public int Count => count;

        public string this[int index] => $"{index}";

        public IEnumerator<string> GetEnumerator() => Enumerable.Range(0, count).Select(i => this[i]).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class OwnMap(Dictionary<string, int> map) : IReadOnlyDictionary<string, int>
    {
        public int Count => map.Count;

        public IEnumerable<string> Keys => map.Keys;

        public IEnumerable<int> Values => map.Values;

        public int this[string key] => map[key];

        public bool ContainsKey(string key) => map.ContainsKey(key);

        public bool TryGetValue(string key, out int value) => map.TryGetValue(key, out value);

        public IEnumerator<KeyValuePair<string, int>> GetEnumerator() => map.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class OwnException(string message, Exception? inner) : Exception(message, inner);
}
