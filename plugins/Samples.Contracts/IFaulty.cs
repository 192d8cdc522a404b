using PluginHost.Contracts;

namespace Samples.Contracts;

/// <summary>One method a fault, to see how the host takes each. What a method promises to break it breaks; run it out of process.</summary>
[PluginContract(Major = 1)]
public interface IFaulty
{
    /// <summary>Answers with what it was given: shows that the plugin works.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The same text.</returns>
    string Echo(string text);

    /// <summary>Answers with the process id it runs in: shows whether a restart happened.</summary>
    /// <returns>The process id.</returns>
    int ProcessId();

    /// <summary>Throws an exception that the contract does not declare, with another inside.</summary>
    /// <param name="message">The exception's message.</param>
    Task ThrowAsync(string message);

    /// <summary>Throws on the caller's thread, before anything was awaited.</summary>
    /// <param name="message">The exception's message.</param>
    void ThrowNow(string message);

    /// <summary>Ends as cancelled although nobody asked for it.</summary>
    Task CancelUnaskedAsync();

    /// <summary>Ends the process by itself.</summary>
    /// <param name="code">The exit code, 0 to 255.</param>
    void Exit(int code);

    /// <summary>Ends the process with a message and no clean-up.</summary>
    /// <param name="message">Written to standard error by the runtime.</param>
    void FailFast(string message);

    /// <summary>Recurses until the stack is used up, which ends the process.</summary>
    void StackOverflow();

    /// <summary>Throws on a thread of the plugin's own, where nobody catches.</summary>
    /// <param name="message">The exception's message.</param>
    void ThreadException(string message);

    /// <summary>Calls an <c>async void</c> method that throws after its first await, and returns before that.</summary>
    /// <param name="message">The exception's message.</param>
    void AsyncVoid(string message);

    /// <summary>Holds its thread and ignores its token.</summary>
    /// <param name="milliseconds">For how long at most; a hang that never ended would outlive a test.</param>
    /// <param name="cancellationToken">Ignored, as bad plugins do.</param>
    void Hang(int milliseconds, CancellationToken cancellationToken);

    /// <summary>Waits, and stops at once when cancelled.</summary>
    /// <param name="milliseconds">For how long.</param>
    /// <param name="cancellationToken">Honoured; <see cref="StoppedCalls"/> counts how often.</param>
    Task SleepAsync(int milliseconds, CancellationToken cancellationToken);

    /// <summary>How many <see cref="SleepAsync"/> calls began since the plugin's start.</summary>
    /// <returns>The count.</returns>
    int StartedCalls();

    /// <summary>How many <see cref="SleepAsync"/> calls were stopped by their token since the plugin's start.</summary>
    /// <returns>The count.</returns>
    int StoppedCalls();

    /// <summary>Takes memory, writes to every page of it and keeps it until the plugin's end.</summary>
    /// <param name="mebibytes">How much more.</param>
    /// <returns>How much is kept in all, in mebibytes.</returns>
    int Allocate(int mebibytes);

    /// <summary>Writes lines to standard output.</summary>
    /// <param name="mebibytes">How much.</param>
    /// <returns>The bytes written.</returns>
    long FloodStdout(int mebibytes);

    /// <summary>Writes one long line to standard output and never ends it.</summary>
    /// <param name="bytes">How much.</param>
    void PrintWithoutNewline(int bytes);

    /// <summary>Writes a line to standard error.</summary>
    /// <param name="text">The line.</param>
    void PrintError(string text);
}
