using Fixtures.Growing;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.OutOfProcess;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>What a worker offers of a contract against what the host has of it.</summary>
public sealed class CheckContractsTests
{
    private static readonly WorkerIdentity s_worker = new("my.plugin", PluginTier.Process, 1);

    [Fact]
    public void A_worker_without_a_method_that_came_later_serves_the_others()
    {
        ProcessTier.CheckContracts(s_worker, [Growing], [new LoadedContract(Growing.Name, ["Growing.First", "Growing.Second"])]);

        Assert.Equal(4, Growing.Methods.Count);
    }

    [Fact]
    public void A_worker_without_a_method_that_was_always_there_is_refused_naming_it()
    {
        ContractMismatchException refused = Assert.Throws<ContractMismatchException>(
            () => ProcessTier.CheckContracts(s_worker, [Growing], [new LoadedContract(Growing.Name, ["Growing.Third", "Growing.First"])]));

        Assert.Equal("Plugin 'my.plugin' cannot be called through Fixtures.Growing.IGrowing@1: its worker does not know Growing.Second.", refused.Message);
    }

    [Fact]
    public void A_worker_without_the_contract_is_refused()
    {
        ContractMismatchException refused = Assert.Throws<ContractMismatchException>(() => ProcessTier.CheckContracts(s_worker, [Growing], []));

        Assert.EndsWith("its worker does not offer the contract.", refused.Message, StringComparison.Ordinal);
    }

    private static ContractDescriptor Growing => ContractDescriptor.Find(typeof(IGrowing))!;
}
