using System.Reflection;
using PluginHost.Contracts;

namespace PluginHost.Loading.Tests;

public sealed class HealthCheckMethodTests
{
    [Fact]
    public void A_plugin_without_a_check_has_none() => Assert.Null(HealthCheckMethod.Find("any", typeof(object)));

    [Theory]
    [InlineData(typeof(Says), nameof(Says.Check), true)]
    [InlineData(typeof(SaysNo), nameof(SaysNo.CheckAsync), false)]
    [InlineData(typeof(Waits), nameof(Waits.CheckAsync), true)]
    [InlineData(typeof(GivesNothing), nameof(GivesNothing.Check), true)]
    [InlineData(typeof(GivesLater), nameof(GivesLater.CheckAsync), false)]
    public async Task Every_form_of_a_check_is_called_and_awaited(Type plugin, string name, bool expected)
    {
        MethodInfo? check = HealthCheckMethod.Find("any", plugin);

        Assert.Equal(name, check!.Name);
        Assert.Equal(expected, await HealthCheckMethod.RunAsync(check, Activator.CreateInstance(plugin)!, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(typeof(Twice), "has 2 methods marked [HealthCheck]: One, Two.")]
    [InlineData(typeof(Hidden), "cannot be called.")]
    [InlineData(typeof(Curious), "cannot be called.")]
    [InlineData(typeof(Wordy), "cannot be called.")]
    [InlineData(typeof(Common), "cannot be called.")]
    public void A_check_that_cannot_be_called_is_told_with_what_one_looks_like(Type plugin, string because)
    {
        PluginLoadException wrong = Assert.Throws<PluginLoadException>(() => HealthCheckMethod.Find("any.plugin", plugin));

        Assert.Contains(because, wrong.Message, StringComparison.Ordinal);
        Assert.StartsWith("Plugin 'any.plugin' cannot be checked: ", wrong.Message, StringComparison.Ordinal);
        Assert.NotEmpty(wrong.Remedy);
    }

    private sealed class Says
    {
        [HealthCheck]
        public bool Check() => true;
    }

    private sealed class SaysNo
    {
        [HealthCheck]
        public async Task<bool> CheckAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            return false;
        }
    }

    private sealed class Waits
    {
        [HealthCheck]
        public async ValueTask CheckAsync() => await Task.Yield();
    }

    private sealed class GivesNothing
    {
        [HealthCheck]
        public void Check()
        {
        }
    }

    private sealed class GivesLater
    {
        [HealthCheck]
        public async ValueTask<bool> CheckAsync()
        {
            await Task.Yield();
            return false;
        }
    }

    private sealed class Twice
    {
        [HealthCheck]
        public bool One() => true;

        [HealthCheck]
        public bool Two() => true;
    }

    private sealed class Hidden
    {
        [HealthCheck]
        private bool Check() => true;
    }

    private sealed class Curious
    {
        [HealthCheck]
        public bool Check(string about) => about.Length > 0;
    }

    private sealed class Wordy
    {
        [HealthCheck]
        public string Check() => "fine";
    }

    private sealed class Common
    {
        [HealthCheck]
        public static bool Check() => true;
    }
}
