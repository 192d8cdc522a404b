using PluginHost.Contracts.Faults;

namespace PluginHost.Loading.Tests;

public sealed class ThrownExceptionTests
{
    [Fact]
    public void Kinds_are_told_apart()
    {
        Assert.Equal(FaultKind.Exception, ThrownException.Read(new InvalidOperationException()).Kind);
        Assert.Equal(FaultKind.OutOfMemory, ThrownException.Read(new InsufficientMemoryException()).Kind);
        Assert.Equal(FaultKind.UnrequestedCancellation, ThrownException.Read(new TaskCanceledException()).Kind);
        Assert.Equal(FaultKind.Exception, ThrownException.Read(new TaskCanceledException(), cancellationRequested: true).Kind);
    }

    [Fact]
    public void Message_and_stack_are_bounded()
    {
        Exception deep = new FormatException(new string('x', 1_000_000));
        for (int i = 0; i < 100; i++)
        {
            deep = new InvalidOperationException(new string('y', 10_000), deep);
        }

        ThrownException thrown = ThrownException.Read(deep);

        Assert.Equal(ThrownException.MaxMessage, thrown.Message.Length);
        Assert.Equal(ThrownException.MaxStack, thrown.Stack!.Length);
    }

    [Fact]
    public void Causes_are_part_of_the_stack()
    {
        ThrownException thrown = ThrownException.Read(new InvalidOperationException("outer", new FormatException("inner")));

        Assert.Contains(" ---> System.FormatException: inner", thrown.Stack, StringComparison.Ordinal);
    }
}
