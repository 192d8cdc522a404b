namespace PluginHost.Faults.Tests.Support;

/// <summary>The rows of one class of faults, by name.</summary>
internal static class Rows
{
    /// <summary>What a theory runs over.</summary>
    public static TheoryData<string> NamesOf(IEnumerable<FaultRow> rows) => [.. rows.Select(row => row.Name)];

    /// <summary>The row of a name.</summary>
    public static FaultRow Find(IEnumerable<FaultRow> rows, string name) => rows.Single(row => row.Name == name);
}
