using System.ComponentModel;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;
using System.Xml.Serialization;

namespace Fixtures.Leaks;

/// <summary>Parts of the framework that look into a type and remember what they saw.</summary>
internal static class Reflecting
{
    public static void Json() => _ = JsonSerializer.Serialize(new Person());

    public static void Describe() => _ = TypeDescriptor.GetProperties(new Person()).Count;

    public static void CallDynamically()
    {
        dynamic person = new Person();
        person.Age = person.Age + 1;
    }

    public static void Interpret()
    {
        Expression<Func<Person, string>> name = person => person.Name;
        _ = name.Compile(preferInterpretation: true)(new Person());
    }

    public static void MakeProxy() => _ = DispatchProxy.Create<IPerson, PersonProxy>().Name;

    public static void XmlOfList()
    {
        try
        {
            using StringWriter text = new();
            new XmlSerializer(typeof(List<Person>)).Serialize(text, new List<Person> { new() });
        }
        catch (NotSupportedException)
        {
            // It cannot be made for types of an unloadable context, and says so; what it had looked at by then it keeps.
        }
    }

    public class PersonProxy : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => "a proxy";
    }
}
