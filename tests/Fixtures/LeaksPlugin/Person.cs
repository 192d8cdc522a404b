namespace Fixtures.Leaks;

/// <summary>Data of the plugin's own.</summary>
public sealed class Person
{
    public string Name { get; set; } = "Ada";

    public int Age { get; set; } = 36;
}

/// <summary>What a proxy can be made of.</summary>
public interface IPerson
{
    string Name { get; }
}
