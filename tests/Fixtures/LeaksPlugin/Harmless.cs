using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Linq.Expressions;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using System.Xml.Serialization;

namespace Fixtures.Leaks;

/// <summary>What looks as if it kept the context alive and does not.</summary>
internal static partial class Harmless
{
    [ThreadStatic]
    private static Person? t_current;

    private static readonly ThreadLocal<Person> s_current = new(static () => new Person());

    public static void JsonSourceGenerated() => _ = JsonSerializer.Serialize(new Person(), PersonJson.Default.Person);

    public static void CompileExpression()
    {
        Expression<Func<Person, string>> name = person => person.Name;
        _ = name.Compile()(new Person());
    }

    public static void MatchRegex() => _ = new Regex("^A(d)a$", RegexOptions.Compiled).IsMatch(new Person().Name);

    public static void XmlOfType()
    {
        using StringWriter text = new();
        new XmlSerializer(typeof(Person)).Serialize(text, new Person());
    }

    public static void DataContract() => new DataContractSerializer(typeof(Person)).WriteObject(Stream.Null, new Person());

    public static void Invoke() => _ = typeof(Person).GetProperty(nameof(Person.Name))!.GetValue(new Person());

    public static void Emit()
    {
        AssemblyBuilder assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Fixtures.Leaks.Emitted"), AssemblyBuilderAccess.RunAndCollect);
        TypeBuilder type = assembly.DefineDynamicModule("module").DefineType("Emitted", TypeAttributes.Public, typeof(object));
        type.DefineField("Person", typeof(Person), FieldAttributes.Public);
        _ = Activator.CreateInstance(type.CreateType());
    }

    public static void DisposeTimer() => new Timer(static _ => { }, new Person(), TimeSpan.FromHours(1), TimeSpan.FromHours(1)).Dispose();

    public static async Task AwaitForEverAsync()
    {
        await new TaskCompletionSource().Task;
        Console.WriteLine("late");
    }

    public static void WatchFiles() => new FileSystemWatcher(Path.GetTempPath()).EnableRaisingEvents = true;

    public static void Throw() => throw new PersonException("thrown on purpose");

    public static void Count() => new Meter("Fixtures.Leaks.Counted").CreateCounter<int>("fixtures.leaks").Add(1);

    public static void StartActivity() => new ActivitySource("Fixtures.Leaks").StartActivity("one")?.Stop();

    public static void WriteEvent() => LeaksEventSource.Log.Happened();

    public static void ThreadStatic() => t_current = new Person();

    public static void ThreadLocal() => _ = s_current.Value;

    public static void RentArray() => ArrayPool<Person>.Shared.Return(ArrayPool<Person>.Shared.Rent(16));

    private sealed class PersonException(string message) : Exception(message);

    [JsonSerializable(typeof(Person))]
    private sealed partial class PersonJson : JsonSerializerContext;

    [EventSource(Name = "Fixtures-Leaks")]
    private sealed class LeaksEventSource : EventSource
    {
        public static LeaksEventSource Log { get; } = new();

        [Event(1)]
        public void Happened() => WriteEvent(1);
    }
}
