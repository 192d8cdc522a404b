using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.Tests.InProcess;

/// <summary>Whose an exception is, by its frames. This very assembly, loaded a second time, is the plugin.</summary>
public sealed class ForeignStackTests : IDisposable
{
    private readonly AssemblyLoadContext _context = new("plugin", isCollectible: true);
    private readonly ForeignOwner _owner = new("plugin", 4, static _ => { }, TimeProvider.System);
    private readonly MethodInfo _throw;
    private readonly MethodInfo _run;

    public ForeignStackTests()
    {
        Type plugin = _context.LoadFromAssemblyPath(typeof(ForeignPlugin).Assembly.Location).GetType(typeof(ForeignPlugin).FullName!)!;
        _throw = plugin.GetMethod(nameof(ForeignPlugin.Throw))!;
        _run = plugin.GetMethod(nameof(ForeignPlugin.Run))!;
    }

    public void Dispose() => _context.Unload();

    [Fact]
    public async Task What_the_framework_ran_for_the_plugin_is_the_plugins()
    {
        Exception thrown = await OnThePool(_throw.CreateDelegate<Action>());

        ForeignOrigin found = Assert.IsType<ForeignOrigin>(Find(thrown));

        Assert.Same(_owner, found.Owner);
        Assert.Equal("PluginHost.Runtime.Tests.InProcess.ForeignPlugin.Throw", found.Method);
        Assert.Contains("ForeignPlugin.Throw()", found.Stack, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_applications_code_threw_on_the_plugins_thread_is_the_plugins_for_it_did_not_catch_it()
    {
        // Bound to its argument: no frame of this assembly lies under the plugin's.
        Action run = _run.CreateDelegate<Action>((Action)ThrowOfTheApplication);

        Exception thrown = await OnThePool(run);

        Assert.Equal("PluginHost.Runtime.Tests.InProcess.ForeignPlugin.Run", Find(thrown)?.Method);
    }

    [Fact]
    public async Task What_the_plugins_code_threw_on_the_applications_thread_was_the_applications_to_catch()
    {
        Action thrower = _throw.CreateDelegate<Action>();

        Exception thrown = await OnThePool(() => RunOfTheApplication(thrower));

        Assert.Null(Find(thrown));
    }

    [Fact]
    public async Task An_exception_without_frames_of_anybody_is_judged_by_its_causes()
    {
        Exception inner = await OnThePool(_throw.CreateDelegate<Action>());

        Assert.NotNull(Find(new AggregateException(new AggregateException(inner))));
        Assert.NotNull(Find(new TargetInvocationException(inner)));
        Assert.Null(Find(new AggregateException(new InvalidOperationException("never thrown"))));
    }

    [Fact]
    public void Causes_without_an_end_end_all_the_same()
    {
        Exception deep = new InvalidOperationException("the innermost");
        for (int i = 0; i < 1000; i++)
        {
            deep = new InvalidOperationException("around it", deep);
        }

        Assert.Null(Find(deep));
    }

    private ForeignOrigin? Find(Exception thrown) => ForeignStack.Find(thrown, context => ReferenceEquals(context, _context) ? _owner : null);

    private static async Task<Exception> OnThePool(Action action)
    {
        Task failed = Task.Run(action);
        await failed.ContinueWith(static _ => { }, TaskScheduler.Default);
        return failed.Exception!.InnerException!;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOfTheApplication(Action action)
    {
        action();
        GC.KeepAlive(action);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOfTheApplication() => throw new InvalidOperationException("the application's");
}

/// <summary>The code that is a plugin's once it is loaded into its context.</summary>
public static class ForeignPlugin
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Throw() => throw new InvalidOperationException("the plugin's");

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Run(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        action();
        GC.KeepAlive(action);
    }
}
