using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;

namespace PluginHost.Rpc.Connection;

/// <summary>The part that answers.</summary>
internal sealed partial class IncomingCall
{
    /// <inheritdoc/>
    public override void Send<TResult>(in TResult result)
    {
        _sent = _owner.Clock.GetTimestamp();
        long inside = (long)_owner.Clock.GetElapsedTime(_started, _sent).TotalNanoseconds;
        if (IdKind == IdKind.None || _isAnswered)
        {
            return;
        }

        _isAnswered = true;
        _owner.Answering(this);
        OutputBuffer output = _owner.BeginFrame();
        try
        {
            EnvelopeWriter.BeginResult(output, _codec, RawId, _owner.TellsInside);
            _leases.BeginResult(output);
            CallEncoder.WriteResult(in result, output, _codec, _leases);
            EnvelopeWriter.EndResult(output, _codec, _owner.TellsInside ? inside : -1);
            _owner.CheckSize(output);
        }
        catch (Exception e)
        {
            // Writers run code of the contract's types: whatever comes out of them, the caller learns it and the connection lives.
            FrameSender.Abandon(output);
            _leases.DropResults();
            _isAnswered = false;
            Answer(RpcErrorCodes.ResultSerialization, $"The result of {Method} cannot be sent: {e.Message}", e);
            return;
        }

        EndLeases(hasFailed: false);
        _owner.SendFrame(output, Environment.CurrentManagedThreadId == _corkThread ? _corkTurn : 0);
    }

    /// <summary>Answers what came out of the handler.</summary>
    private void End(Exception exception, int code)
    {
        if (IdKind == IdKind.None)
        {
            _owner.NotificationFailed(Method, exception);
        }
        else if (!_isAnswered)
        {
            if (exception is OperationCanceledException && IsCancelled)
            {
                Answer(RpcErrorCodes.Cancelled, "The call was cancelled.", null);
            }
            else if (exception is LeaseGoneException)
            {
                Answer(RpcErrorCodes.ObjectGone, exception.Message, null);
            }
            else if (code == RpcErrorCodes.Invocation && _dispatcher!.FindError(_method, exception) is { } type)
            {
                AnswerDeclared(type, exception);
            }
            else
            {
                Answer(code, exception.Message, code == RpcErrorCodes.InvalidParams ? null : exception);
            }
        }

        _activity?.SetStatus(ActivityStatusCode.Error);
        _activity?.Stop();
        _owner.Finished(this);
    }

    private void AnswerDeclared(string type, Exception exception)
    {
        _isAnswered = true;
        _owner.Answering(this);
        OutputBuffer output = _owner.BeginFrame();
        try
        {
            EnvelopeWriter.BeginError(output, _codec, RawId);
            CallEncoder.WriteDeclared(output, _codec, type, _dispatcher!, _method, exception);
            EnvelopeWriter.End(output, _codec);
            _owner.CheckSize(output);
        }
        catch (Exception e)
        {
            FrameSender.Abandon(output);
            Answer(RpcErrorCodes.ResultSerialization, $"The error {type} of {Method} cannot be sent: {e.Message}", e);
            return;
        }

        EndLeases(hasFailed: true);
        _owner.SendFrame(output);
    }

    private void Answer(int code, string message, Exception? exception)
    {
        if (IdKind == IdKind.None)
        {
            return;
        }

        _isAnswered = true;
        _owner.Answering(this);
        EndLeases(hasFailed: true);
        _owner.SendError(_codec, RawId, code, message, exception);
    }

    private void EndLeases(bool hasFailed)
    {
        if (_leases.IsUsed)
        {
            _leases.End(hasFailed);
        }
    }
}
