using PluginHost.Contracts.Invocation;
using Samples.Contracts;

namespace Samples.Tests;

/// <summary>What the generator made of the samples' contracts: the names that the tool and other languages call.</summary>
public sealed class ContractTests
{
    [Fact]
    public void Every_contract_has_a_descriptor_of_version_1()
    {
        IEnumerable<string> names = ContractDescriptor.FindAll(typeof(IMarkdown).Assembly).Select(contract => contract.VersionedName);

        Assert.Equal(
            [
                "Samples.Contracts.ICalculator@1", "Samples.Contracts.IFaulty@1", "Samples.Contracts.IMarkdown@1", "Samples.Contracts.INotes@1",
                "Samples.Contracts.IWordCount@1",
            ],
            names.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(typeof(IMarkdown), nameof(IMarkdown.RenderAsync), "Markdown.Render")]
    [InlineData(typeof(ICalculator), nameof(ICalculator.AddAsync), "Calculator.Add")]
    [InlineData(typeof(ICalculator), nameof(ICalculator.Add), "Calculator.AddNow")]
    [InlineData(typeof(IWordCount), nameof(IWordCount.CountAsync), "WordCount.Count")]
    [InlineData(typeof(INotes), nameof(INotes.PutAsync), "Notes.Put")]
    [InlineData(typeof(IFaulty), nameof(IFaulty.StackOverflow), "Faulty.StackOverflow")]
    [InlineData(typeof(IFaulty), nameof(IFaulty.ThrowAsync), "Faulty.Throw")]
    public void A_wire_name_is_the_contract_and_the_method_without_Async(Type contract, string method, string wireName)
    {
        ContractDescriptor descriptor = ContractDescriptor.Find(contract)!;

        Assert.Equal(wireName, descriptor.Methods.Single(candidate => candidate.Name == method).WireName);
    }

    [Fact]
    public void Reading_may_be_retried_and_deleting_or_failing_may_not()
    {
        Assert.True(Method(typeof(ICalculator), nameof(ICalculator.AddAsync)).IsIdempotent);
        Assert.True(Method(typeof(INotes), nameof(INotes.GetAsync)).IsIdempotent);
        Assert.False(Method(typeof(INotes), nameof(INotes.DeleteAsync)).IsIdempotent);
        Assert.False(Method(typeof(IFaulty), nameof(IFaulty.Exit)).IsIdempotent);
    }

    private static ContractMethod Method(Type contract, string name) =>
        ContractDescriptor.Find(contract)!.Methods.Single(method => method.Name == name);
}
