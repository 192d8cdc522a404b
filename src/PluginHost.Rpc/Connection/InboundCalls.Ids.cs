using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>The part that finds calls by their ids.</summary>
internal sealed partial class InboundCalls
{
    /// <summary>The requests that are not answered yet, longest running first.</summary>
    public List<RunningCall> Running(int most)
    {
        List<RunningCall> calls = [];
        lock (_lock)
        {
            IEnumerable<IncomingCall> alone = _alone is null ? [] : [_alone];
            calls.AddRange(alone.Concat(_byId.Values).Concat(_withOtherId).Select(static c => c.Describe()));
        }

        calls.Sort(static (one, other) => other.Running.CompareTo(one.Running));
        calls.RemoveRange(Math.Min(most, calls.Count), Math.Max(0, calls.Count - most));
        return calls;
    }

    private void Register_NeedsLock(IncomingCall call)
    {
        switch (call.IdKind)
        {
            case IdKind.None:
                _withoutId.Add(call);
                break;
            case IdKind.Integer:
                if (_alone is null)
                {
                    _alone = call;
                }
                else
                {
                    _byId.Add(call.Id, call);
                }

                break;
            default:
                _withOtherId.Add(call);
                break;
        }
    }

    private void Unregister_NeedsLock(IncomingCall call)
    {
        switch (call.IdKind)
        {
            case IdKind.None:
                _withoutId.Remove(call);
                break;
            case IdKind.Integer:
                if (ReferenceEquals(_alone, call))
                {
                    _alone = null;
                    break;
                }

                // The id may be another call's already: it was free since this one's answer.
                if (_byId.TryGetValue(call.Id, out IncomingCall? held) && ReferenceEquals(held, call))
                {
                    _byId.Remove(call.Id);
                }

                break;
            default:
                _withOtherId.Remove(call);
                break;
        }
    }

    private IncomingCall? Find_NeedsLock(IdKind kind, long id, ReadOnlySpan<byte> rawId)
    {
        switch (kind)
        {
            case IdKind.Integer:
                return _alone?.Id == id ? _alone : _byId.Count > 0 && _byId.TryGetValue(id, out IncomingCall? numbered) ? numbered : null;
            case IdKind.Raw:
                foreach (IncomingCall call in _withOtherId)
                {
                    if (call.IdKind == IdKind.Raw && call.RawId.SequenceEqual(rawId))
                    {
                        return call;
                    }
                }

                return null;
            default:
                return null;
        }
    }
}
