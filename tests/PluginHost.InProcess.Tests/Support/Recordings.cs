using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.InProcess.Tests.Support;

/// <summary>Keeps the faults that an instance reports.</summary>
internal sealed class RecordingObserver : IInstanceObserver
{
    public ConcurrentQueue<FaultRecord> Faults { get; } = new();

    public void Completed(ContractMethod method, long roundTrip, long insideNanoseconds, long queued)
    {
    }

    public void InFlight(ContractMethod method, bool began)
    {
    }

    public void Ended(ContractMethod method, CallStatus status)
    {
    }

    public string? Fault(FaultRecord fault)
    {
        fault = fault with { Id = fault.Id ?? FaultIds.Next(fault.At) };
        Faults.Enqueue(fault);
        return fault.Id;
    }
}

/// <summary>Keeps log events as they come, their states included, as a sink that queues would.</summary>
internal sealed class RecordingLogger : ILogger
{
    public ConcurrentQueue<(LogLevel Level, string Message, object? State, Exception? Exception)> Events { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Events.Enqueue((logLevel, formatter(state, exception), state, exception));
}
