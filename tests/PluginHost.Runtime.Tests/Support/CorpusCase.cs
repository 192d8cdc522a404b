using System.Diagnostics;
using System.Globalization;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>
/// A folder of the corpus, copied to a place of its own with known modes. Lines of <c>setup.txt</c> add what git cannot hold:
/// <c>link NAME TARGET</c>, <c>folder NAME MODE</c>, <c>file NAME MODE</c>, <c>mode NAME MODE</c>, <c>pipe NAME</c>, <c>pad NAME LENGTH</c>.
/// </summary>
internal sealed class CorpusCase : IDisposable
{
    private const UnixFileMode Plain = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private readonly TempFolder _temp = new();

    public CorpusCase(string kind, string name)
    {
        var source = Path.Combine(Root, kind, name);
        Expected = File.Exists(Path.Combine(source, "expected.txt")) ? File.ReadAllText(Path.Combine(source, "expected.txt")) : "";
        Folder = _temp.Folder(name);
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var inside = Path.GetRelativePath(source, file);
            if (inside is not "expected.txt" and not "setup.txt")
            {
                Put(inside, File.ReadAllBytes(file));
            }
        }

        if (File.Exists(Path.Combine(source, "setup.txt")))
        {
            File.ReadAllLines(Path.Combine(source, "setup.txt")).ToList().ForEach(line => Prepare(line.Split(' ')));
        }
    }

    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "Corpus");

    public string Folder { get; }

    public string Expected { get; }

    public static IEnumerable<string> Names(string kind) =>
        Directory.EnumerateDirectories(Path.Combine(Root, kind)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    /// <summary>Problems as the expectation writes them: one a line, this case's place left out.</summary>
    public string Show(IEnumerable<object> problems) =>
        string.Concat(problems.Select(p => $"{p}\n")).Replace(Folder + "/", "", StringComparison.Ordinal).Replace(Folder, "CASE", StringComparison.Ordinal);

    public void Put(string inside, byte[] content)
    {
        var path = Path.Combine(Folder, inside);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        File.SetUnixFileMode(path, Plain);
    }

    public void Dispose() => _temp.Dispose();

    private void Prepare(string[] words)
    {
        var path = Path.Combine(Folder, words[1]);
        switch (words[0])
        {
            case "link":
                File.CreateSymbolicLink(path, words[2]);
                break;
            case "folder":
                Directory.CreateDirectory(path);
                File.SetUnixFileMode(path, Mode(words[2]));
                break;
            case "file":
                Put(words[1], []);
                File.SetUnixFileMode(path, Mode(words[2]));
                break;
            case "mode":
                File.SetUnixFileMode(path, Mode(words[2]));
                break;
            case "pipe":
                using (var make = Process.Start("mkfifo", path))
                {
                    make.WaitForExit();
                    Assert.Equal(0, make.ExitCode);
                }

                break;
            case "pad":
                Put(words[1], Enumerable.Repeat((byte)' ', int.Parse(words[2], CultureInfo.InvariantCulture)).ToArray());
                break;
            default:
                throw new InvalidOperationException(words[0]);
        }
    }

    private static UnixFileMode Mode(string octal) => (UnixFileMode)Convert.ToInt32(octal, 8);
}
