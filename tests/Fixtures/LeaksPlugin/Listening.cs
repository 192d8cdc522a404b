using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Fixtures.Leaks.Contract;

namespace Fixtures.Leaks;

/// <summary>Handlers of events that outlive the plugin.</summary>
internal sealed class Listening
{
    private int _heard;
    private PosixSignalRegistration? _registration;

    public void ToExit() => AppDomain.CurrentDomain.ProcessExit += OnExit;

    public static void ToAssemblyResolve() => AppDomain.CurrentDomain.AssemblyResolve += static (_, _) => null;

    public void ToUnhandledExceptions() => AppDomain.CurrentDomain.UnhandledException += OnUnhandled;

    public void ToFirstChanceExceptions() => AppDomain.CurrentDomain.FirstChanceException += OnFirstChance;

    public void ToUnobservedTasks() => TaskScheduler.UnobservedTaskException += OnUnobserved;

    public void ToDefaultResolving() => AssemblyLoadContext.Default.Resolving += OnResolving;

    public void ToOwnResolving() => AssemblyLoadContext.GetLoadContext(typeof(Listening).Assembly)!.Resolving += OnResolving;

    public void ToCancelKey() => Console.CancelKeyPress += OnCancelKey;

    public void ToSignal() => _registration = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, OnSignal);

    public void ToApplication() => Application.Changed += OnChanged;

    private void OnExit(object? sender, EventArgs e) => _heard++;

    private void OnUnhandled(object sender, UnhandledExceptionEventArgs e) => _heard++;

    private void OnFirstChance(object? sender, FirstChanceExceptionEventArgs e) => _heard++;

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs e) => _heard++;

    private Assembly? OnResolving(AssemblyLoadContext context, AssemblyName name) => _heard++ < 0 ? typeof(Listening).Assembly : null;

    private void OnCancelKey(object? sender, ConsoleCancelEventArgs e) => _heard++;

    private void OnSignal(PosixSignalContext context) => context.Cancel = _registration is not null;

    private void OnChanged(object? sender, EventArgs e) => _heard++;
}
