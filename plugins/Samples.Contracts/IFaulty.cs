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

    /// <summary>Writes a line to standard output, as libraries do that were written for a console.</summary>
    /// <param name="text">The line.</param>
    void PrintOut(string text);

    /// <summary>Writes lines to standard error.</summary>
    /// <param name="mebibytes">How much.</param>
    /// <returns>The bytes written.</returns>
    long FloodStderr(int mebibytes);

    /// <summary>Gives bytes, enough of them to travel through shared memory where <paramref name="count"/> is above 65,536.</summary>
    /// <param name="count">How many.</param>
    /// <returns>The bytes.</returns>
    byte[] Bytes(int count);

    /// <summary>Sends its own process a signal.</summary>
    /// <param name="signal">Its number.</param>
    void Raise(int signal);

    /// <summary>Reads address 8 in native code, which ends the process.</summary>
    void BreakNative();

    /// <summary>Takes all of a core and ignores its token, on a thread of the pool.</summary>
    /// <param name="milliseconds">For how long at most.</param>
    /// <param name="cancellationToken">Ignored.</param>
    Task LoopAsync(int milliseconds, CancellationToken cancellationToken);

    /// <summary>Gives the thread pool work that blocks, so that nothing else gets a thread there.</summary>
    /// <param name="items">How many work items.</param>
    /// <param name="milliseconds">How long each blocks.</param>
    void StarvePool(int items, int milliseconds);

    /// <summary>Takes native memory until the system refuses more; the process is given a little more than it has by now.</summary>
    /// <param name="mebibytes">How much more.</param>
    void ExhaustNative(int mebibytes);

    /// <summary>Opens descriptors until the system refuses more, closes them and throws what it was refused with.</summary>
    /// <param name="most">How many the process may have from now on.</param>
    void ExhaustDescriptors(int most);

    /// <summary>Starts a shell script that inherits all that processes inherit, and does not wait for it.</summary>
    /// <param name="script">The script.</param>
    /// <returns>Its process id.</returns>
    int StartProgram(string script);

    /// <summary>Ignores SIGTERM, and does not end when it is asked to stop.</summary>
    void RefuseToEnd();

    /// <summary>Writes a file until the system refuses.</summary>
    /// <param name="path">A file that takes nothing, such as /dev/full.</param>
    void FillDisk(string path);

    /// <summary>Leaves something behind that keeps the plugin in memory.</summary>
    /// <param name="what"><c>event</c>, <c>thread</c>, <c>timer</c> or <c>handle</c>.</param>
    void Leak(string what);
}
