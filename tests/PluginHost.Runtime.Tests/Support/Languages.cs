using PluginHost.Runtime.OutOfProcess;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>The programs of other languages that tests need.</summary>
internal static class Languages
{
    /// <summary>Skips the test where this machine cannot run a sample; the continuous build has all of them, and counts a skipped test as a failure.</summary>
    public static void Need(string program)
    {
        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        if (ProgramCommand.FindProgram(program, "/", path) is null)
        {
            Assert.Skip($"'{program}' is in no folder of the PATH; install it to run this test.");
        }

        if (program == "node" && !Directory.Exists(Path.Combine(SampleHost.Layout, "samples.wordcount", "node_modules")))
        {
            Assert.Skip("The build could not run 'npm ci' for samples.wordcount; see artifacts/obj/samples-wordcount-node/npm-ci.log.");
        }
    }
}
