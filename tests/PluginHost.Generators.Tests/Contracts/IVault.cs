using PluginHost.Contracts;

namespace PluginHost.Generators.Tests.Contracts;

/// <summary>What stays with its owner, in a contract that refers to itself.</summary>
[PluginContract]
public interface IVault : IDisposable
{
    [Throws<MissingException>]
    IAsyncEnumerable<Tree> Trees(int count, CancellationToken cancellationToken);

    Task<IAsyncEnumerable<int>> NumbersAsync(CancellationToken cancellationToken);

    Task<int> RunAsync(IProgress<Tree> progress, CancellationToken cancellationToken);

    Task<int> SumAsync(IAsyncEnumerable<int>? numbers, CancellationToken cancellationToken);

    IVault? Open(string? name);

    IVault? Swap(IVault? other);

    string Use([CallScoped] IVault other);

    string Name();
}

/// <summary>A vault that keeps what it is given and waits where a test says so.</summary>
internal sealed class Vault(string name) : IVault
{
    public TaskCompletionSource? Gate { get; set; }

    public Exception? Fault { get; set; }

    public int DisposedEnumerators { get; private set; }

    public int Disposed { get; private set; }

    public IVault? Kept { get; private set; }

    public IProgress<Tree>? Progress { get; private set; }

    public IAsyncEnumerable<int>? Numbers { get; private set; }

    public CancellationToken Token { get; private set; }

    public async IAsyncEnumerable<Tree> Trees(int count, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Token = cancellationToken;
        try
        {
            for (int i = 0; i < count; i++)
            {
                await (Gate?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask);
                yield return new Tree($"{i}", new PluginList<Tree>([]));
            }

            if (Fault is not null)
            {
                throw Fault;
            }
        }
        finally
        {
            DisposedEnumerators++;
        }
    }

    public Task<IAsyncEnumerable<int>> NumbersAsync(CancellationToken cancellationToken)
    {
        Token = cancellationToken;
        return Task.FromResult(Range());
    }

    public async Task<int> RunAsync(IProgress<Tree> progress, CancellationToken cancellationToken)
    {
        Progress = progress;
        progress.Report(new Tree("first", new PluginList<Tree>([])));
        await (Gate?.Task ?? Task.CompletedTask);
        return 1;
    }

    public async Task<int> SumAsync(IAsyncEnumerable<int>? numbers, CancellationToken cancellationToken)
    {
        Numbers = numbers;
        if (Gate is not null)
        {
            return -1;
        }

        int sum = 0;
        await foreach (int number in numbers ?? Range())
        {
            sum += number;
            if (number < 0)
            {
                break;
            }
        }

        return sum;
    }

    public IVault? Open(string? other) => other is null ? null : Kept = new Vault(other);

    public IVault? Swap(IVault? other)
    {
        IVault? before = Kept;
        Kept = other;
        return before;
    }

    public string Use(IVault other)
    {
        Kept = other;
        return $"{name} uses {other.Name()}";
    }

    public string Name() => name;

    public void Dispose() => Disposed++;

    private static async IAsyncEnumerable<int> Range()
    {
        yield return 1;
        await Task.Yield();
        yield return 2;
    }
}
