using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Leasing;

/// <summary>A caller's receiver of progress: takes what the callee reports until the call has ended. Thread-safe.</summary>
internal abstract class ProgressReceiver : Lease
{
    /// <summary>Reads a report on the reader thread; false where it took the place of one that was never reported.</summary>
    /// <exception cref="ValueFormatException">The report is no such value.</exception>
    public abstract bool Take<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct;

    /// <summary>Gives the application the oldest report. Called by the <see cref="ReportQueue"/>.</summary>
    public abstract void ReportNext();
}

/// <inheritdoc/>
internal sealed class ProgressReceiver<T, TCodec>(IProgress<T> target, ReportQueue queue, TokenTable<ProgressReceiver> table, LeaseChannel channel)
    : ProgressReceiver
    where TCodec : struct, IValueCodec<T>
{
    private readonly Lock _lock = new();
    private readonly Queue<T> _reports = new();
    private T _latest = default!;
    private bool _hasLatest;
    private bool _isCut;

    /// <summary>The token on the wire.</summary>
    public long Token { get; set; }

    /// <inheritdoc/>
    public override bool Take<TReader>(ref TReader reader)
    {
        T value = TCodec.Read(ref reader);
        lock (_lock)
        {
            if (_hasLatest)
            {
                _latest = value;
                return false;
            }

            if (_reports.Count < channel.Options.MaxQueuedReports)
            {
                _reports.Enqueue(value);
            }
            else
            {
                _latest = value;
                _hasLatest = true;
            }
        }

        queue.Add(this);
        return true;
    }

    /// <inheritdoc/>
    public override void ReportNext()
    {
        T value;
        lock (_lock)
        {
            if (_isCut)
            {
                return;
            }

            if (!_reports.TryDequeue(out value!))
            {
                value = _latest;
                _latest = default!;
                _hasLatest = false;
            }
        }

        try
        {
            target.Report(value);
        }
        catch (Exception e)
        {
            // The application's own code: the call it watches goes on.
            channel.Failed("A progress callback", e);
        }
    }

    /// <inheritdoc/>
    public override void CallEnded(bool hasFailed) => table.Remove(Token);

    /// <inheritdoc/>
    public override void Drop()
    {
        table.Remove(Token);
        lock (_lock)
        {
            _isCut = true;
        }
    }
}
