using Fixtures.Contracts;
using PluginHost.Contracts.Invocation;

namespace PluginHost.InProcess.Tests.Support;

/// <summary>A guard as the generator writes them, by hand: the tests of the tier stand without the generator.</summary>
internal sealed class EchoGuard(GuardSite site) : Guard<IEcho>(site), IEcho
{
    public override ContractDescriptor Contract => EchoContract.Instance;

    public string Echo(string text) => Call(0, target => target.Echo(text));

    public int Add(int left, int right) => Call(1, target => target.Add(left, right));

    public Task<string> EchoLaterAsync(string text, CancellationToken cancellationToken) =>
        CallAsync(2, (target, token) => target.EchoLaterAsync(text, token), cancellationToken);

    public Task WaitAsync(CancellationToken cancellationToken) =>
        CallAsync(3, async (target, token) => { await target.WaitAsync(token); return 0; }, cancellationToken);

    public void Throw(string message) => Call(4, target => { target.Throw(message); return 0; });

    protected override Exception? RebuildError(int method, Exception thrown) => null;

    private T Call<T>(int method, Func<IEcho, T> call)
    {
        CallEntry entry = Enter(method);
        if (Inside is not { } target)
        {
            return call(Elsewhere(entry, method));
        }

        try
        {
            T result = call(target);
            Leave(entry);
            return result;
        }
        catch (Exception thrown)
        {
            throw Caught(entry, method, thrown, CancellationToken.None);
        }
    }

    private Task<T> CallAsync<T>(int method, Func<IEcho, CancellationToken, Task<T>> call, CancellationToken caller)
    {
        CallEntry entry = Enter(method);
        if (Inside is not { } target)
        {
            return call(Elsewhere(entry, method), caller);
        }

        CallToken token = CallToken.Rent(caller);
        Task<T> pending;
        try
        {
            pending = call(target, token.Token);
        }
        catch (Exception thrown)
        {
            token.Return();
            throw Caught(entry, method, thrown, caller);
        }

        Suspend(entry, method);
        return Awaited(new ValueTask<T>(pending), method, 0, token, caller).AsTask();
    }
}

/// <summary>Describes the contract of <see cref="EchoGuard"/>.</summary>
internal sealed class EchoContract : ContractDescriptor
{
    public static EchoContract Instance { get; } = new();

    public override string Name => "Fixtures.Contracts.IEcho";

    public override int Major => 1;

    public override Type InterfaceType => typeof(IEcho);

    public override IReadOnlyList<ContractMethod> Methods { get; } =
        [.. new[] { "Echo", "Add", "EchoLaterAsync", "WaitAsync", "Throw" }.Select((name, index) => new ContractMethod(index, name, $"Echo.{name}"))];

    public override Guard CreateGuard(GuardSite site) => new EchoGuard(site);

    public override object CreateProxy(IInvoker invoker) => throw new NotSupportedException();

    public override Dispatcher CreateDispatcher(object target) => throw new NotSupportedException();
}

/// <summary>A contract that no fixture of these tests implements.</summary>
internal sealed class OtherContract : ContractDescriptor
{
    public override string Name => "Fixtures.Contracts.IGreeter";

    public override int Major => 1;

    public override Type InterfaceType => typeof(IGreeter);

    public override IReadOnlyList<ContractMethod> Methods => [];

    public override Guard CreateGuard(GuardSite site) => throw new NotSupportedException();

    public override object CreateProxy(IInvoker invoker) => throw new NotSupportedException();

    public override Dispatcher CreateDispatcher(object target) => throw new NotSupportedException();
}
