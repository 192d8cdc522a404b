using BenchmarkDotNet.Running;
using PluginHost.Benchmarks;

// The child of a measurement is this program again, with the number of an inherited socket.
if (args is ["--child", var role, var descriptor])
{
    await ChildRole.RunAsync(role, int.Parse(descriptor, null));
    return 0;
}

if (args.Contains("--quick"))
{
    await RpcRoundTrip.QuickAsync();
    return 0;
}

if (args.Contains("--peers"))
{
    return await PeersBeside.RunAsync();
}

if (args.Contains("--start"))
{
    await WorkerStart.RunAsync();
    return 0;
}

if (args.Contains("--guard"))
{
    await GuardCosts.RunAsync();
    return 0;
}

if (args.Contains("--unload"))
{
    await UnloadSpeed.RunAsync();
    return 0;
}

BenchmarkSwitcher.FromAssembly(typeof(RpcRoundTrip).Assembly).Run(args);
return 0;
