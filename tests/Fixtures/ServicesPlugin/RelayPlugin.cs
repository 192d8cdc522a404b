using System.Reflection;
using System.Runtime.CompilerServices;
using Fixtures.Services.Contract;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;

namespace Fixtures.Services;

/// <summary>Does everything through host services.</summary>
[Plugin]
public sealed class RelayPlugin(IPluginContext context) : IRelay, IAsyncStartable, IDisposable
{
    private string? _afterStop;
    private string _started = "";

    private IJournal Journal => context.GetHostService<IJournal>();

    private IRelay Next => context.GetHostService<IRelay>();

    public ValueTask StartAsync(CancellationToken cancellationToken)
    {
        // Host services are there from the constructor on.
        _started = Tell(() => Journal.Write("start"));
        return ValueTask.CompletedTask;
    }

    public string Ask(string contract) => contract switch
    {
        "journal" => Tell(() => ReferenceEquals(Journal, Journal) ? "ok" : "another object"),
        "relay" => Tell(() => Next is null ? "null" : "ok"),
        "start" => _started,
        _ => Tell(() => context.GetHostService<ISecrets>() is null ? "null" : "ok"),
    };

    public string Write(string text) => Journal.Write(text);

    public async Task<string> WriteLaterAsync(string text, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return await Journal.WriteLaterAsync(text, cancellationToken);
    }

    public async Task<string> FailAsync(string how, CancellationToken cancellationToken)
    {
        try
        {
            await (how == "hang" ? Journal.HangAsync(cancellationToken) : Journal.FailAsync(how, cancellationToken));
            return "nothing";
        }
        catch (JournalFullException full)
        {
            return $"full at {full.Pages}: {full.Message}";
        }
        catch (PluginException fault)
        {
            return Describe(fault);
        }
    }

    public Task WaitAsync(CancellationToken cancellationToken) => Journal.WaitAsync(cancellationToken);

    public string Pass(string text) => $"{Next.Caller()} & {Next.Write(text)}";

    public async Task<string> PassLaterAsync(string text, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return await Next.WriteLaterAsync(text, cancellationToken);
    }

    public async IAsyncEnumerable<string> WriteEach(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            if (i % 2 == 1)
            {
                await Task.Yield();
            }

            yield return Journal.Write($"{i}");
        }
    }

    public async Task<string> PassEachAsync(int count, CancellationToken cancellationToken)
    {
        List<string> written = [];
        await foreach (string text in Next.WriteEach(count, cancellationToken))
        {
            written.Add(text);
        }

        return string.Join('\n', written);
    }

    public IPen TakePen() => new Pen(this);

    public string PassPen(string text) => Next.TakePen().Write(text);

    public async Task<string> PassPenLaterAsync(string text, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return await Next.TakePen().WriteLaterAsync(text, cancellationToken);
    }

    public string Caller() => PluginCaller.Current is { } caller ? $"{caller} ({caller.Trust})" : "nobody";

    public int Dive(int left) => left == 0 ? 0 : Journal.Dive(left - 1) + 1;

    public int Ping(int left) => left == 0 ? 0 : Next.Ping(left - 1) + 1;

    public string Force() => Tell(() =>
    {
        // What a plugin can always do: build the contract's frames itself and send them over the connection that its context holds.
        object services = Held(context, "HostServices");
        IInvoker invoker = (IInvoker)Held(services, "HostInvoker");
        return ((ISecrets)ContractDescriptor.Find(typeof(ISecrets))!.CreateProxy(invoker)).Tell();
    });

    public void CallAfterStop(string file) => _afterStop = Path.Combine(context.DataFolder, file);

    public void Dispose()
    {
        if (_afterStop is { } file)
        {
            // Taken while the plugin runs: the context itself is dead afterwards.
            IJournal journal = Journal;
            new Thread(() => KeepCalling(journal, file)) { IsBackground = true }.Start();
        }
    }

    private static void KeepCalling(IJournal journal, string file)
    {
        while (true)
        {
            try
            {
                journal.Write("after stop");

                // Calls on until it is stopped, and leaves the core to others meanwhile.
                Thread.Sleep(1);
            }
            catch (PluginException fault)
            {
                File.WriteAllText(file + ".tmp", Describe(fault));
                File.Move(file + ".tmp", file);
                return;
            }
        }
    }

    private static object Held(object holder, string type) => holder.GetType()
        .GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
        .First(field => field.FieldType.Name == type)
        .GetValue(holder)!;

    private static string Tell(Func<string> action)
    {
        try
        {
            return action();
        }
        catch (PluginException fault)
        {
            return Describe(fault);
        }
    }

    private static string Describe(PluginException fault) =>
        $"{fault.GetType().Name} {fault.Kind} {fault.Message} | {fault.Remedy} | {(fault.Fault.RemoteStack is null ? "no stack" : "stack")}";

    private sealed class Pen(RelayPlugin plugin) : IPen
    {
        public string Write(string text) => plugin.Write(text);

        public Task<string> WriteLaterAsync(string text, CancellationToken cancellationToken) => plugin.WriteLaterAsync(text, cancellationToken);
    }
}
