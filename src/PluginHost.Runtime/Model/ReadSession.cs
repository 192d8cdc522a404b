using System.Globalization;

namespace PluginHost.Runtime.Model;

/// <summary>The reading of one file: collects its problems, at most <see cref="MaxProblems"/>, and the members that the reader knows.</summary>
internal sealed class ReadSession
{
    /// <summary>More problems than this are counted, not listed.</summary>
    public const int MaxProblems = 100;

    private readonly List<Problem> _problems = [];
    private int _more;

    /// <summary>Creates one.</summary>
    public ReadSession(string file) => File = file;

    /// <summary>The file's full path.</summary>
    public string File { get; }

    /// <summary>Every member that the reader asked for, such as <c>limits.memory</c> or <c>rules[].id</c>.</summary>
    public SortedSet<string> Known { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether nothing is wrong so far.</summary>
    public bool Clean => _problems.Count == 0;

    /// <summary>The problems in the order of their places.</summary>
    public IReadOnlyList<Problem> Problems
    {
        get
        {
            var sorted = _problems.OrderBy(p => p.Line).ThenBy(p => p.Column).ThenBy(p => p.Path, StringComparer.Ordinal).ToList();
            if (_more > 0)
            {
                sorted.Add(new(File, string.Create(CultureInfo.InvariantCulture, $"{_more} more problems are not listed.")));
            }

            return sorted;
        }
    }

    /// <summary>Reports a problem at a place.</summary>
    public void Report(int line, int column, string path, string message)
    {
        if (_problems.Count == MaxProblems)
        {
            _more++;
            return;
        }

        _problems.Add(new(File, line, column, path, message));
    }

    /// <summary>Reports a problem of a value.</summary>
    public void Report(StrictValue value, string message) => Report(value.Line, value.Column, value.Path, message);

    /// <summary>Reports that a value is not what was expected.</summary>
    /// <param name="value">The value.</param>
    /// <param name="expected">What was expected, after "expected".</param>
    /// <param name="remedy">A sentence that says what to do; empty where what is expected says it.</param>
    public void Wrong(StrictValue value, string expected, string remedy = "") =>
        Report(value, $"found {value.Describe()}, expected {expected}.{(remedy.Length == 0 ? "" : " " + remedy)}");
}
