namespace PluginHost.Generators.Model;

/// <summary>One line of a baseline with those below it: a contract, a method, a parameter, a data type, a member and so on.</summary>
/// <param name="kind">What it is: the line's first word.</param>
/// <param name="name">Its name among its kind.</param>
/// <param name="facts">What is true of it; how many and which, <see cref="Baseline"/> says.</param>
/// <param name="line">Where it stands, from 0.</param>
internal sealed class ReleasedEntry(string kind, string name, IReadOnlyList<string> facts, int line = 0)
{
    private readonly List<ReleasedEntry> _children = [];

    public string Kind => kind;

    public string Name => name;

    public IReadOnlyList<string> Facts => facts;

    public int Line => line;

    public IReadOnlyList<ReleasedEntry> Children => _children;

    public IEnumerable<ReleasedEntry> Of(string childKind) => _children.Where(c => c.Kind == childKind);

    public ReleasedEntry? Find(string childKind, string childName) => Of(childKind).FirstOrDefault(c => c.Name == childName);

    public ReleasedEntry Add(ReleasedEntry child)
    {
        _children.Add(child);
        return child;
    }
}
