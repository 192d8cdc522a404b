namespace Fixtures.Library;

/// <summary>Version 1 of a library that two plugins depend on.</summary>
public static class LibraryInfo
{
    /// <summary>What version 1 says.</summary>
    public static string Describe() => "library 1";
}
