using System.Globalization;
using System.Text;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>
/// A process beside the workers that outlives its host by a moment: it hears over its channel of every child that starts and ends, and by the
/// channel's end that the host is gone, however that came about; then it ends what is left. It holds no plugin and takes nothing from one.
/// </summary>
internal sealed class Reaper
{
    private const int Channel = 3;
    private const int MostLine = 256;

    // What a worker has started ends a little after it: the next generation's start comes first.
    private static readonly TimeSpan s_delay = TimeSpan.FromMilliseconds(150);
    private static readonly int[] s_pauses = [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120];

    private readonly TimeProvider _clock;
    private readonly OwnedProcesses _owned;
    private readonly Dictionary<long, int> _running = [];
    private readonly HashSet<long> _ended = [];
    private readonly List<byte> _line = [];
    private long _dueSince;
    private long? _finish;

    private Reaper(string host, TimeProvider clock)
    {
        _clock = clock;
        _owned = new OwnedProcesses(host);
    }

    /// <summary>Runs until the channel ends, or the host says that all is done.</summary>
    /// <param name="host">The host, as in <see cref="WorkerEnvironment.Owner"/>.</param>
    /// <param name="clock">The clock.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string host, TimeProvider clock)
    {
        // What stops a whole service at once, or hangs up a terminal, must not take it before the others: hang-up, interrupt, quit, terminate.
        foreach (int number in (int[])[1, 2, 3, 15])
        {
            Libc.Ignore(number);
        }

        if (!Libc.KeepFromChildren(Channel))
        {
            Console.Error.WriteLine(WorkerArguments.ByHand);
            return WorkerExitCodes.BadArguments;
        }

        Reaper reaper = new(host, clock);
        reaper.Listen();
        return WorkerExitCodes.Stopped;
    }

    /// <summary>Ends once all that a dead host has left running, and prints it.</summary>
    /// <param name="host">The host, as in <see cref="WorkerEnvironment.Owner"/>.</param>
    /// <returns>The exit code.</returns>
    public static int Sweep(string host)
    {
        OwnedProcesses owned = new(host);
        HashSet<int> told = [];
        KillUntilNone(() => owned.Kill(_ => true, [], (pid, number) =>
        {
            if (told.Add(pid))
            {
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{pid} {number} {owned.NameOf(pid)}"));
            }
        }));
        return WorkerExitCodes.Stopped;
    }

    private void Listen()
    {
        // Everything that the end needs is compiled and read once before it is needed.
        _owned.Kill(_ => false, []);
        Span<byte> received = stackalloc byte[1024];
        while (_finish is null)
        {
            if (!Libc.WaitReadable(Channel, Patience()))
            {
                EndRemains();
                continue;
            }

            int count = Libc.Read(Channel, received);
            if (count <= 0)
            {
                break;
            }

            foreach (byte one in received[..count])
            {
                Take(one);
            }
        }

        if (_finish is { } last)
        {
            KillUntilNone(() => _owned.Kill(number => number <= last, []));
            return;
        }

        // The host is gone. A child that was being started just then may still come into sight: the first looks are made in any case.
        int[] groups = [.. _running.Values];
        KillUntilNone(() => _owned.Kill(_ => true, groups), atLeast: 5);
    }

    private void Take(byte one)
    {
        if (one != (byte)'\n')
        {
            if (_line.Count < MostLine)
            {
                _line.Add(one);
            }

            return;
        }

        string[] words = Encoding.ASCII.GetString([.. _line]).Split(' ');
        _line.Clear();
        if (words.Length < 2 || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
        {
            return;
        }

        switch (words[0])
        {
            case WorkerModes.Began when words.Length > 2 && int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out int pid):
                _running[number] = pid;
                break;
            case WorkerModes.Ended:
                _running.Remove(number);
                if (_ended.Count == 0)
                {
                    _dueSince = _clock.GetTimestamp();
                }

                _ended.Add(number);
                break;
            case WorkerModes.Finish:
                _finish = number;
                break;
        }
    }

    private int Patience() => _ended.Count == 0 ? -1 : (int)Math.Max(0, (s_delay - _clock.GetElapsedTime(_dueSince)).TotalMilliseconds);

    private void EndRemains()
    {
        if (_ended.Count > 0 && _clock.GetElapsedTime(_dueSince) >= s_delay)
        {
            // Not for long: meanwhile nobody hears of the host's end.
            KillUntilNone(() => _owned.Kill(_ended.Contains, []), atMost: 5);
            _ended.Clear();
        }
    }

    /// <summary>Looks again and again: what is found may have started another meanwhile. Gives up on what cannot be killed after ten seconds.</summary>
    private static void KillUntilNone(Func<int> kill, int atLeast = 1, int atMost = 10)
    {
        for (int i = 0; (kill() > 0 || i + 1 < atLeast) && i < atMost; i++)
        {
            Libc.Pause(s_pauses[i]);
        }
    }
}
