using System.Buffers;
using System.Runtime.CompilerServices;
using FirstRelease.Contracts;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts;

namespace FirstRelease.Plugin;

/// <summary>Implements everything, and uses everything that a plugin of the first release has of its host.</summary>
[Plugin]
public sealed class Stock(IPluginContext context) : IStock, IAsyncStartable, IAsyncDisposable
{
    private readonly Dictionary<int, Item> _items = [];
    private readonly Dictionary<string, Cart> _carts = [];
    private string _started = "";

    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        Reset(context.Settings.GetProperty("first").GetInt32());
        string file = Path.Combine(context.DataFolder, "started");
        await File.WriteAllTextAsync(file, context.PluginId, cancellationToken);
        _started = $"{await File.ReadAllTextAsync(file, cancellationToken)} {context.Generation} {context.GetHostService<IPrices>().Currency()}";
        context.Logger.LogInformation("Started with {Count} items", _items.Count);
    }

    public ValueTask DisposeAsync()
    {
        _items.Clear();
        return default;
    }

    [HealthCheck]
    public async ValueTask<bool> IsWellAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(1, cancellationToken);
        return _items.Count > 0;
    }

    public void Reset(int first)
    {
        _items.Clear();
        for (int id = first; id < first + 3; id++)
        {
            _items.Add(id, new Item(id, $"item {id}", id * 1.5m) { Shelf = Shelf.Lower, Tags = ["new", "cheap"] });
        }
    }

    public int Add(int left, int right) => left + right;

    public string Place(string key, Shelf shelf) => $"{key} on {shelf}";

    public Item Get(int id) => _items.TryGetValue(id, out Item? item) ? item : throw new NotStockedException(id);

    public async Task<Item?> FindAsync(int id, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        return id == 0 ? null : Get(id);
    }

    public Task PutAsync(Item item, CancellationToken cancellationToken)
    {
        _items[item.Id] = item;
        return Task.CompletedTask;
    }

    public async ValueTask TouchAsync(int id, CancellationToken cancellationToken)
    {
        await Task.Yield();
        _items[id] = Get(id) with { Name = "touched" };
    }

    public ValueTask<int> CountAsync(CancellationToken cancellationToken) => new(_items.Count);

    public async ValueTask<long> SumAsync(IReadOnlyList<int> numbers, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return numbers.Sum(n => (long)n);
    }

    public async IAsyncEnumerable<Item> Watch(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return new Item(i, $"watched {i}");
        }
    }

    public Task<IAsyncEnumerable<string>> OpenAsync(int count, CancellationToken cancellationToken) => Task.FromResult(Words(count));

    public async Task<int> SumLaterAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken)
    {
        int sum = 0;
        await foreach (int number in numbers.WithCancellation(cancellationToken))
        {
            sum += number;
        }

        return sum;
    }

    public async Task<int> ImportAsync(int count, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        for (int i = 1; i <= count; i++)
        {
            await Task.Yield();
            progress?.Report(i);
        }

        return count;
    }

    public async Task<string> AskAsync(IBuyer buyer, string question, CancellationToken cancellationToken) =>
        $"{await buyer.AnswerAsync(question, cancellationToken)}, {buyer.Budget()}";

    public async ValueTask<string> AskOnceAsync(IBuyer buyer, string question, CancellationToken cancellationToken) =>
        await buyer.AnswerAsync(question, cancellationToken);

    public Task<ICart> OpenCartAsync(string name, CancellationToken cancellationToken) => Task.FromResult<ICart>(_carts[name] = new Cart(this));

    public ICart? FindCart(string name) => _carts.GetValueOrDefault(name);

    public async Task<long> MeasureAsync(Stream bytes, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[10_000];
        long length = 0;
        for (int read; (read = await bytes.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            length += read;
        }

        return length;
    }

    public Task<Stream> ReadAsync(int count, CancellationToken cancellationToken) => Task.FromResult<Stream>(new MemoryStream(Numbered(count)));

    public Task<IMemoryOwner<byte>> OwnAsync(int count, CancellationToken cancellationToken) => Task.FromResult<IMemoryOwner<byte>>(new Owner(Numbered(count)));

    public ReadOnlyMemory<byte> Reverse(ReadOnlyMemory<byte> bytes)
    {
        byte[] reversed = bytes.ToArray();
        Array.Reverse(reversed);
        return reversed;
    }

    public Everything Echo(Everything everything) => everything;

    public async Task<Everything?> EchoLaterAsync(Everything? everything, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return everything;
    }

    public async Task<decimal> PriceAsync(int id, CancellationToken cancellationToken) =>
        await context.GetHostService<IPrices>().OfAsync(id, cancellationToken);

    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

    public void Fail(string message) => throw new InvalidOperationException(message);

    public string Started() => _started;

    private static async IAsyncEnumerable<string> Words(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return $"word {i}";
        }
    }

    private static byte[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)i)];

    private sealed class Owner(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = bytes;

        public void Dispose() => Array.Clear(bytes);
    }
}

/// <summary>An object that the plugin hands out.</summary>
public sealed class Cart(Stock stock) : ICart
{
    private readonly List<int> _lines = [];

    public int Put(int id)
    {
        _lines.Add(id);
        return _lines.Count;
    }

    public async Task<decimal> PayAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        return _lines.Sum(id => stock.Get(id).Price ?? 0);
    }

    public async IAsyncEnumerable<int> Lines([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (int line in _lines)
        {
            await Task.Yield();
            yield return line;
        }
    }

    public ValueTask DisposeAsync()
    {
        _lines.Clear();
        return default;
    }
}
