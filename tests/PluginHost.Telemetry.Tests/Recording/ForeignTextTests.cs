using System.Text;
using FsCheck;
using FsCheck.Fluent;
using PluginHost.Telemetry.Recording;
using Xunit;

namespace PluginHost.Telemetry.Tests.Recording;

public class ForeignTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("é 漢 😀", "é 漢 😀")]
    [InlineData("a\nb\tc\rd", "a\\nb\\tc\\rd")]
    [InlineData("\u001b]0;title\u0007", "\\u001b]0;title\\u0007")]
    [InlineData("ab\u202Edc", "ab\\u202edc")]
    [InlineData("a\u2028b\u009bc\0", "a\\u2028b\\u009bc\\u0000")]
    public void A_line_keeps_letters_and_escapes_what_acts_on_a_terminal(string text, string expected)
    {
        Assert.Equal(expected, ForeignText.Line(text, 1000));
    }

    [Fact]
    public void Lines_keep_their_breaks()
    {
        Assert.Equal("a\nb\tc\\u001b", ForeignText.Lines("a\r\nb\tc\u001b", 1000));
    }

    [Fact]
    public void A_lone_surrogate_becomes_valid_text()
    {
        Assert.Equal("a\uFFFDb", ForeignText.Line("a\uD83Db", 100));
    }

    [Fact]
    public void No_text_stays_no_text()
    {
        Assert.Null(ForeignText.Line(null, 100));
    }

    [Fact]
    public void What_is_too_long_is_cut_at_the_end_or_at_the_beginning_with_a_mark()
    {
        string text = string.Concat(Enumerable.Range(0, 100).Select(i => $"{i} "));

        Assert.StartsWith("0 1 2", ForeignText.Line(text, 64), StringComparison.Ordinal);
        Assert.EndsWith("…", ForeignText.Line(text, 64), StringComparison.Ordinal);
        Assert.StartsWith("…", ForeignText.LastLines(text, 64), StringComparison.Ordinal);
        Assert.EndsWith("98 99 ", ForeignText.LastLines(text, 64), StringComparison.Ordinal);
    }

    [Fact]
    public void No_text_leaves_its_bound_or_becomes_invalid()
    {
        Gen<string> texts = Gen.Choose(0, 0x2FFF).Select(c => (char)c)
            .Or(Gen.Elements('\uD83D', '\uDE00', '\n', '\u001b'))
            .ArrayOf().Select(chars => new string(chars) + new string(chars));
        Prop.ForAll(Arb.From(texts), text =>
            new[] { ForeignText.Line(text, 64)!, ForeignText.Lines(text, 64)!, ForeignText.LastLines(text, 64)! }.All(safe =>
                Encoding.UTF8.GetByteCount(safe) <= 64 && safe.EnumerateRunes().All(rune => rune.Value is '\n' or '\t' or >= ' '))).QuickCheckThrowOnFailure();
    }
}
