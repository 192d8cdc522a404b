using System.Reflection;
using System.Runtime.Loader;
using Fixtures.Contracts;
using PluginHost.Contracts;

namespace Fixtures.LoadsOutside;

/// <summary>Loads the assembly that a call names, in the way that it names, outside its own load context.</summary>
[Plugin]
public sealed class OutsideLoader : IEcho
{
    public string Echo(string text)
    {
        string[] words = text.Split(' ', 2);
        return (words[0] switch
        {
            "file" => Assembly.LoadFile(words[1]),
            "bytes" => Assembly.Load(File.ReadAllBytes(words[1])),
            "from" => Assembly.LoadFrom(words[1]),
            "collectible" => new AssemblyLoadContext("goes", isCollectible: true).LoadFromAssemblyPath(words[1]),
            _ => AssemblyLoadContext.GetLoadContext(typeof(OutsideLoader).Assembly)!.LoadFromAssemblyPath(words[1]),
        }).GetName().Name!;
    }

    public int Add(int left, int right) => left + right;

    public Task<string> EchoLaterAsync(string text, CancellationToken cancellationToken) => Task.FromResult(text);

    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    public void Throw(string message) => throw new InvalidOperationException(message);
}
