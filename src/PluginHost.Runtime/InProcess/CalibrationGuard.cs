using System.Collections;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.InProcess;

/// <summary>
/// A guard as the generator writes them, over a contract of one synchronous method. Built at full speed at once: at start nothing has been
/// called often enough to be.
/// </summary>
internal sealed class CalibrationGuard(GuardSite site) : Guard<IComparer>(site), IComparer
{
    /// <inheritdoc/>
    public override ContractDescriptor Contract => CalibrationContract.Instance;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Compare(object? x, object? y)
    {
        CallEntry entry = Enter(0);
        if (Inside is not { } target)
        {
            return Elsewhere(entry, 0).Compare(x, y);
        }

        CallSample sample = default;
        bool isSampled = IsSampled(entry);
        if (isSampled)
        {
            sample = BeginSample();
        }

        try
        {
            int result = target.Compare(x, y);
            Leave(entry);
            if (isSampled)
            {
                EndSample(0, in sample, isComplete: true);
            }

            return result;
        }
        catch (Exception thrown)
        {
            throw Caught(entry, 0, thrown, CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    protected override Exception? RebuildError(int method, Exception thrown) => null;

    /// <summary>Makes a target in a collectible assembly, as a plugin's is.</summary>
    public static IComparer CreateTarget()
    {
        TypeBuilder type = AssemblyBuilder
            .DefineDynamicAssembly(new AssemblyName("PluginHost.Calibration"), AssemblyBuilderAccess.RunAndCollect)
            .DefineDynamicModule("PluginHost.Calibration")
            .DefineType("Target", TypeAttributes.Public | TypeAttributes.Sealed, typeof(object), [typeof(IComparer)]);
        ILGenerator body = type
            .DefineMethod(
                nameof(IComparer.Compare),
                MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.Final,
                typeof(int),
                [typeof(object), typeof(object)])
            .GetILGenerator();
        body.Emit(OpCodes.Ldc_I4_1);
        body.Emit(OpCodes.Ret);
        return (IComparer)Activator.CreateInstance(type.CreateType())!;
    }
}

/// <summary>Describes the calibration's contract.</summary>
internal sealed class CalibrationContract : ContractDescriptor
{
    private readonly ContractMethod[] _methods = [new(0, nameof(IComparer.Compare), "Calibration.Compare") { IsSynchronous = true }];

    /// <summary>The one instance.</summary>
    public static CalibrationContract Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "PluginHost.Calibration";

    /// <inheritdoc/>
    public override int Major => 1;

    /// <inheritdoc/>
    public override Type InterfaceType => typeof(IComparer);

    /// <inheritdoc/>
    public override IReadOnlyList<ContractMethod> Methods => _methods;

    /// <inheritdoc/>
    public override Guard CreateGuard(GuardSite site) => new CalibrationGuard(site);

    /// <inheritdoc/>
    public override object CreateProxy(IInvoker invoker) => throw new NotSupportedException("The calibration runs in-process only.");

    /// <inheritdoc/>
    public override Dispatcher CreateDispatcher(object target) => throw new NotSupportedException("The calibration runs in-process only.");
}

/// <summary>The engine's side of the calibration's guard: nothing to record, nowhere else to go.</summary>
internal sealed class CalibrationSite(int firstSlot, TimeProvider clock) : GuardSite
{
    /// <inheritdoc/>
    public override int FirstSlot { get; } = firstSlot;

    /// <inheritdoc/>
    public override TimeProvider Clock { get; } = clock;

    /// <inheritdoc/>
    public override CancellationToken Revoked => CancellationToken.None;

    /// <inheritdoc/>
    public override TimeSpan TimeoutOf(ContractMethod method) => Timeout.InfiniteTimeSpan;

    /// <inheritdoc/>
    public override Exception Caught(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken) => Unused(method);

    /// <inheritdoc/>
    public override Exception TimedOut(ContractMethod method, TimeSpan timeout) => Unused(method);

    /// <inheritdoc/>
    public override Exception Cut(ContractMethod method) => Unused(method);

    /// <inheritdoc/>
    public override void Sample(ContractMethod method, long elapsed)
    {
    }

    /// <inheritdoc/>
    public override void AmbientStateLeaked(ContractMethod method)
    {
    }

    /// <inheritdoc/>
    public override object Route(ContractMethod method) => throw Unused(method);

    /// <inheritdoc/>
    public override ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken) => throw Unused(method);

    /// <inheritdoc/>
    public override LeaseTable Results => throw new InvalidOperationException("The calibration's contract hands nothing out.");

    /// <inheritdoc/>
    public override LeaseTable Arguments => throw new InvalidOperationException("The calibration's contract takes nothing.");

    private static InvalidOperationException Unused(ContractMethod method) => new($"The calibration's {method.WireName} neither throws nor leaves its guard.");
}
