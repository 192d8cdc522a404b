using System.Buffers;
using PluginHost.Contracts;

namespace FirstRelease.Contracts;

/// <summary>A method of every shape that the first release knows.</summary>
[PluginContract]
public interface IStock
{
    void Reset(int first);

    int Add(int left, int right);

    string Place([PartitionKey] string key, Shelf shelf = Shelf.Upper);

    [Throws<NotStockedException>]
    Item Get(int id);

    [CallPolicy(Timeout = "00:00:30", Idempotent = true)]
    [Throws<NotStockedException>]
    Task<Item?> FindAsync(int id, CancellationToken cancellationToken);

    Task PutAsync(Item item, CancellationToken cancellationToken = default);

    ValueTask TouchAsync(int id, CancellationToken cancellationToken);

    ValueTask<int> CountAsync(CancellationToken cancellationToken);

    [WireName("total")]
    ValueTask<long> SumAsync(IReadOnlyList<int> numbers, CancellationToken cancellationToken);

    IAsyncEnumerable<Item> Watch(int count, CancellationToken cancellationToken);

    Task<IAsyncEnumerable<string>> OpenAsync(int count, CancellationToken cancellationToken);

    Task<int> SumLaterAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken);

    Task<int> ImportAsync(int count, IProgress<int>? progress, CancellationToken cancellationToken);

    Task<string> AskAsync(IBuyer buyer, string question, CancellationToken cancellationToken);

    ValueTask<string> AskOnceAsync([CallScoped] IBuyer buyer, string question, CancellationToken cancellationToken);

    Task<ICart> OpenCartAsync(string name, CancellationToken cancellationToken);

    ICart? FindCart(string name);

    Task<long> MeasureAsync(Stream bytes, CancellationToken cancellationToken);

    Task<Stream> ReadAsync(int count, CancellationToken cancellationToken);

    Task<IMemoryOwner<byte>> OwnAsync(int count, CancellationToken cancellationToken);

    ReadOnlyMemory<byte> Reverse(ReadOnlyMemory<byte> bytes);

    Everything Echo(Everything everything);

    Task<Everything?> EchoLaterAsync(Everything? everything, CancellationToken cancellationToken);

    Task<decimal> PriceAsync(int id, CancellationToken cancellationToken);

    Task WaitAsync(CancellationToken cancellationToken);

    void Fail(string message);

    string Started();
}

/// <summary>An object that the plugin hands out.</summary>
[PluginContract]
public interface ICart : IAsyncDisposable
{
    int Put(int id);

    [Throws<NotStockedException>]
    Task<decimal> PayAsync(CancellationToken cancellationToken);

    IAsyncEnumerable<int> Lines(CancellationToken cancellationToken);
}

/// <summary>An object that the application hands out.</summary>
[PluginContract]
public interface IBuyer
{
    Task<string> AnswerAsync(string question, CancellationToken cancellationToken);

    int Budget();
}

/// <summary>A service of the application.</summary>
[PluginContract]
public interface IPrices
{
    Task<decimal> OfAsync(int id, CancellationToken cancellationToken);

    string Currency();
}
