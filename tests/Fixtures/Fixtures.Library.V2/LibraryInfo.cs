namespace Fixtures.Library;

/// <summary>Version 2 of a library that two plugins depend on.</summary>
public static class LibraryInfo
{
    /// <summary>What version 2 says.</summary>
    public static string Describe() => "library 2";
}
