using PluginHost.Generators.Parsing;

namespace PluginHost.Generators.Tests.Parsing;

/// <summary>Names on the wire and in generated code.</summary>
public sealed class NamesTests
{
    [Theory]
    [InlineData("Name", "name")]
    [InlineData("URL", "url")]
    [InlineData("URLValue", "urlValue")]
    [InlineData("ID", "id")]
    [InlineData("already", "already")]
    [InlineData("A", "a")]
    [InlineData("_Id", "_Id")]
    public void Members_are_named_as_System_Text_Json_names_them(string name, string expected)
    {
        Assert.Equal(expected, Names.Camel(name));
        Assert.Equal(System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name), Names.Camel(name));
    }

    [Fact]
    public void The_leading_I_and_the_trailing_Async_are_left_out_where_they_are_that()
    {
        Assert.Equal(["Markdown", "Item", "Ink", "I", "IO"], new[] { "IMarkdown", "Item", "Ink", "I", "IIO" }.Select(Names.WithoutI));
        Assert.Equal(["Render", "Async", "RenderAsyncs"], new[] { "RenderAsync", "Async", "RenderAsyncs" }.Select(Names.WithoutAsync));
    }

    [Fact]
    public void Different_texts_make_different_identifiers()
    {
        string[] texts = ["A.B_C", "A_B.C", "A.B.C", "A<B>", "A_3cB_3e", "A[]", "A?"];

        Assert.Equal(texts.Length, texts.Select(Names.Identifier).Distinct().Count());
    }

    [Theory]
    [InlineData("run_now", true)]
    [InlineData("", false)]
    [InlineData("a/b", false)]
    [InlineData("a.b", false)]
    [InlineData("$cancel", false)]
    [InlineData("a\"b", false)]
    [InlineData("a\nb", false)]
    public void A_wire_name_is_plain(string name, bool isGood) => Assert.Equal(isGood, Names.IsWireName(name));
}
