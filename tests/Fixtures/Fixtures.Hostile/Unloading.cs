using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Xml.Serialization;

namespace Fixtures.Hostile;

public sealed record Own(string Name);

[JsonSerializable(typeof(Own))]
public sealed partial class OwnJson : JsonSerializerContext;

public sealed class Threads
{
    public void Foreground() => new Thread(Work).Start();

    public void Background()
    {
        Thread thread = new(Work) { IsBackground = true };
        thread.Start();
    }

    public void Watching(CancellationToken stopping) => new Thread(() => Watch(stopping)) { IsBackground = true }.Start();

    public Task LongRunning() => Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Work() => Console.WriteLine();

    private static void Watch(CancellationToken stopping) => stopping.WaitHandle.WaitOne();
}

public sealed class Clock
{
    private Timer? _timer;

    public void Start() => _timer = new Timer(static _ => { }, null, 0, 1000);

    public void Forget() => _timer = null;
}

public sealed class TidyClock : IDisposable
{
    private readonly Timer _timer = new(static _ => { }, null, 0, 1000);

    public void Dispose() => _timer.Dispose();
}

public sealed class Tickers
{
    public async Task TickAsync()
    {
        PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync())
        {
            Console.WriteLine();
        }
    }

    public async Task TidyAsync(CancellationToken token)
    {
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(token))
        {
            Console.WriteLine();
        }
    }
}

public sealed class Waits
{
    private static readonly CancellationTokenSource s_source = new();

    public void Pool(WaitHandle handle) => ThreadPool.RegisterWaitForSingleObject(handle, static (_, _) => { }, null, -1, true);

    public Task Endless() => Task.Delay(-1);

    public Task Short() => Task.Delay(100);

    public void Dropped(CancellationToken token) => token.Register(Stop);

    public void Stop() => s_source.Cancel();
}

public sealed class TidyRegistration : IDisposable
{
    private CancellationTokenRegistration _registration;

    public void Start(CancellationToken token) => _registration = token.Register(static () => { });

    public void Forget(CancellationToken token) => token.Register(static () => { });

    public void Dispose() => _registration.Dispose();
}

public sealed class Events
{
    public void Exit() => AppDomain.CurrentDomain.ProcessExit += OnEvent;

    public void Resolving() => AssemblyLoadContext.Default.Resolving += static (_, _) => null;

    public void OwnUnloading() => AssemblyLoadContext.GetLoadContext(typeof(Events).Assembly)!.Unloading += static _ => { };

    public void Console_() => Console.CancelKeyPress += static (_, _) => { };

    public void Unobserved() => TaskScheduler.UnobservedTaskException += static (_, _) => { };

    private static void OnEvent(object? sender, EventArgs e)
    {
    }
}

public sealed class TidyEvents : IDisposable
{
    public void Start() => AppDomain.CurrentDomain.FirstChanceException += OnEvent;

    public void Dispose() => AppDomain.CurrentDomain.FirstChanceException -= OnEvent;

    private static void OnEvent(object? sender, EventArgs e)
    {
    }
}

public sealed class Caches
{
    public GCHandle Handle(object held) => GCHandle.Alloc(held);

    public TypeConverter Converter() => TypeDescriptor.GetConverter(typeof(Own));

    public string Json(Own own) => JsonSerializer.Serialize(own);

    public string GeneratedJson(Own own) => JsonSerializer.Serialize(own, OwnJson.Default.Own);

    public string ForeignJson(string text) => JsonSerializer.Serialize(text);

    public XmlSerializer Xml() => new(typeof(List<Own>));

    public XmlSerializer PlainXml() => new(typeof(Own));

    public int Dynamic(object value)
    {
        dynamic late = value;
        return late.Length;
    }

    public IDisposable Proxy() => DispatchProxy.Create<IDisposable, OwnProxy>();

    public Func<int> Interpreted() => Expression.Lambda<Func<int>>(Expression.Constant(1)).Compile(preferInterpretation: true);

    public Func<int> Compiled() => Expression.Lambda<Func<int>>(Expression.Constant(1)).Compile();

    public void Data() => AppDomain.CurrentDomain.SetData("fixtures", this);
}

public class OwnProxy : DispatchProxy
{
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => null;
}

public sealed class OwnEvents : EventListener
{
    public OwnEvents(int level) => Level = level;

    public int Level { get; }
}

public sealed class Listeners
{
    private readonly Meter _meter = new("fixtures");
    private readonly AsyncLocal<string> _local = new();

    public void Activities() => ActivitySource.AddActivityListener(new ActivityListener());

    public void Gauge() => _meter.CreateObservableGauge("held", () => _local.Value!.Length);

    public void Ambient() => _local.Value = "held";

    public void Synchronization() => SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
}

public sealed class Loads
{
    public Assembly File(string path) => Assembly.LoadFile(path);

    public Assembly Bytes(byte[] image) => Assembly.Load(image);

    public Assembly Name(string name) => Assembly.Load(name);

    public Assembly From(string path) => Assembly.LoadFrom(path);

    public AssemblyLoadContext Context() => new("held");

    public AssemblyLoadContext CollectibleContext() => new("goes", isCollectible: true);
}
