using PluginHost.Contracts.Invocation;

namespace PluginHost.Generators.Tests.Support;

/// <summary>Carries a proxy's calls through the token codec to a dispatcher, and the answer back.</summary>
internal sealed class Loopback(Dispatcher dispatcher) : IInvoker
{
    /// <summary>The arguments of the last call, as written.</summary>
    public List<Token> LastArguments { get; private set; } = [];

    /// <summary>The answer of the last call, as written.</summary>
    public List<Token> LastAnswer { get; private set; } = [];

    public TResult Invoke<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        ValueTask<TResult> pending = InvokeAsync<TCall, TResult>(call, cancellationToken);
        return pending.IsCompleted ? pending.Result : pending.AsTask().GetAwaiter().GetResult();
    }

    public async ValueTask<TResult> InvokeAsync<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        LastArguments = Written<TCall, TResult>(call);
        TokenReply reply = new();
        int method = dispatcher.Find(TCall.Method.Utf8WireName);
        List<Token>? error = null;
        string? errorType = null;
        try
        {
            await Start(method, LastArguments, reply, cancellationToken);
        }
        catch (Exception e) when ((errorType = dispatcher.FindError(method, e)) is not null)
        {
            error = [];
            TokenWriter writer = new(error);
            dispatcher.WriteError(method, e, ref writer);
        }

        LastAnswer = error ?? reply.Tokens!;
        return Answer<TCall, TResult>(LastAnswer, errorType);
    }

    public async ValueTask InvokeVoidAsync<TCall>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<NoResult> => await InvokeAsync<TCall, NoResult>(call, cancellationToken);

    private ValueTask Start(int method, List<Token> arguments, TokenReply reply, CancellationToken cancellationToken)
    {
        TokenReader reader = new(arguments);
        ValueTask pending = dispatcher.InvokeAsync(method, ref reader, reply, cancellationToken);
        Assert.True(reader.IsAtEnd);
        return pending;
    }

    private static List<Token> Written<TCall, TResult>(TCall call)
        where TCall : struct, ICall<TResult>
    {
        List<Token> tokens = [];
        TokenWriter writer = new(tokens);
        call.WriteArguments(ref writer);
        return tokens;
    }

    private static TResult Answer<TCall, TResult>(List<Token> answer, string? errorType)
        where TCall : struct, ICall<TResult>
    {
        TokenReader reader = new(answer);
        if (errorType is not null)
        {
            throw TCall.ReadError(errorType, ref reader) ?? new InvalidOperationException($"The caller does not know {errorType}.");
        }

        TResult result = TCall.ReadResult(ref reader);
        Assert.True(reader.IsAtEnd);
        return result;
    }
}

/// <summary>Keeps the one answer of a call.</summary>
internal sealed class TokenReply : Reply
{
    public List<Token>? Tokens { get; private set; }

    public bool HasReadArguments { get; private set; }

    public override void ArgumentsRead() => HasReadArguments = true;

    public override void Send<TResult>(in TResult result)
    {
        Assert.Null(Tokens);
        List<Token> tokens = [];
        TokenWriter writer = new(tokens);
        TResult copy = result;
        copy.Write(ref writer);
        Tokens = tokens;
    }
}
