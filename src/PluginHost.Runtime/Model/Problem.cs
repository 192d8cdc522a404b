using System.Globalization;

namespace PluginHost.Runtime.Model;

/// <summary>Something wrong in a manifest, a policy or a plugin's folder: where, what, and what to do. Immutable.</summary>
/// <param name="File">The file or folder, a full path.</param>
/// <param name="Line">The line, from 1; 0 where the problem is not at a place in the text.</param>
/// <param name="Column">The column in characters, from 1; 0 where <paramref name="Line"/> is 0.</param>
/// <param name="Path">The member, such as <c>limits.memory</c> or <c>rules[0].sha256</c>; empty for the whole file.</param>
/// <param name="Message">What is wrong, the value found, what was expected, what to do.</param>
public sealed record Problem(string File, int Line, int Column, string Path, string Message)
{
    /// <summary>Creates one that concerns a whole file or folder.</summary>
    /// <param name="file">The file or folder.</param>
    /// <param name="message">What is wrong and what to do.</param>
    public Problem(string file, string message)
        : this(file, 0, 0, "", message)
    {
    }

    /// <summary>One line: <c>file:line:column path: message</c>, without the parts that are not known.</summary>
    public override string ToString()
    {
        var place = Line == 0 ? File : string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
        return Path.Length == 0 ? $"{place}: {Message}" : $"{place} {Path}: {Message}";
    }
}
