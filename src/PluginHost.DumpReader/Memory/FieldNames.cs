namespace PluginHost.DumpReader.Memory;

/// <summary>Names of fields as a person knows them.</summary>
internal static class FieldNames
{
    private const string BackingField = ">k__BackingField";

    /// <summary>The property's name where the compiler made the field for one.</summary>
    public static string Written(string field) =>
        field.StartsWith('<') && field.EndsWith(BackingField, StringComparison.Ordinal) ? field[1..^BackingField.Length] : field;
}
