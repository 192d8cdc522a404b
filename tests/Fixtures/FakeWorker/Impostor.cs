using System.Text.Json.Nodes;

namespace Fixtures.FakeWorker;

/// <summary>A worker without a plugin: it says that it has one, keeps to the protocol up to the one thing that its mode names, and answers <c>Faulty.Echo</c>.</summary>
/// <param name="methods">The wire names that it offers.</param>
internal sealed class Impostor(string[] methods)
{
    private const int Flood = 1_000;
    private const int Frames = 1_000;

    /// <summary>Serves until the host closes the channel or the mode ends the process; gives its exit code.</summary>
    public int Run(string mode)
    {
        using Wire wire = new();
        while (wire.Read() is { } call)
        {
            int? end = ((string?)call["method"]) switch
            {
                "$/pluginhost/hello" => Greet(wire, call, mode),
                "$/pluginhost/load" => Load(wire, call, mode),
                "$/pluginhost/stop" => Stop(wire, call, mode),
                "$/pluginhost/ping" => Answer(wire, call, 1L),
                "Faulty.Echo" => Echo(wire, call, mode),
                _ => null,
            };
            if (end is { } code)
            {
                return code;
            }
        }

        return mode == "refuse-to-end" ? Program.Wait(Timeout.Infinite) : 0;
    }

    private static int? Greet(Wire wire, JsonNode call, string mode)
    {
        switch (mode)
        {
            case "half-hello":
                wire.Raw([.. Wire.Length(200), .. "{\"jsonrpc\":"u8]);
                return Program.Exit(4, "leaving within the handshake");
            case "refuses-host":
                wire.Refuse(call, "This worker speaks protocol 7 to 9; the host speaks 1 to 1. Install host and worker of the same release.");
                return 65;
            default:
                return Answer(wire, call, new JsonObject
                {
                    ["protocol"] = mode switch { "newer-protocol" => 99, "older-protocol" => 0, _ => 1 },
                    ["codec"] = mode == "other-codec" ? "carrier pigeon" : "json",
                    ["workerVersion"] = mode is "newer-protocol" or "older-protocol" ? "9.9.9" : "1.0.0",
                    ["runtime"] = "none",
                    ["pid"] = Environment.ProcessId,
                    ["transport"] = mode == "other-transport" ? "teleport" : "socket",
                });
        }
    }

    private int? Load(Wire wire, JsonNode call, string mode)
    {
        if (mode == "exit-at-load")
        {
            return Program.Exit(7, "leaving while it loads");
        }

        if (mode == "refuse-to-end")
        {
            _ = Libc.signal(Libc.Terminate, 1);
        }

        return Answer(wire, call, new JsonObject
        {
            ["contracts"] = new JsonArray(new JsonObject
            {
                ["name"] = "Samples.Contracts.IFaulty",
                ["methods"] = new JsonArray([.. methods.Select(method => (JsonNode)method)]),
            }),
        });
    }

    private static int? Stop(Wire wire, JsonNode call, string mode) => mode switch
    {
        "exit-at-stop" => Program.Exit(9, "leaving while it stops"),
        "refuse-to-end" => null,
        _ => Answer(wire, call, new JsonObject { ["abandonedCalls"] = 0 }),
    };

    private static int? Answer(Wire wire, JsonNode call, JsonNode result)
    {
        wire.Answer(call, result);
        return null;
    }

    /// <summary>The call that brings the fault about.</summary>
    private static int? Echo(Wire wire, JsonNode call, string mode)
    {
        switch (mode)
        {
            case "garbage":
                wire.Raw([0x13, 0x37, 0xC0, 0xDE, .. "this is no message of anybody's"u8]);
                return null;
            case "garbage-in-a-frame":
                wire.Raw([.. Wire.Length(64), .. Enumerable.Range(0, 64).Select(static i => (byte)(0xF8 ^ i))]);
                return null;
            case "not-json":
                wire.Frame("{ \"jsonrpc\": \"2.0\", \"id\": }");
                return null;
            case "zero-length":
                wire.Raw(Wire.Length(0));
                return null;
            case "negative-length":
                wire.Raw(Wire.Length(-5));
                return null;
            case "oversized":
                wire.Raw(Wire.Length(1 << 30));
                return null;
            case "largest-length":
                wire.Raw(Wire.Length(int.MaxValue));
                return null;
            case "half-frame-stall":
                wire.Raw([.. Wire.Length(1000), .. "{\"jsonrpc\":\"2.0\","u8]);
                return Program.Wait(Timeout.Infinite);
            case "half-frame-exit":
                wire.Raw([.. Wire.Length(1000), .. "{\"jsonrpc\":\"2.0\","u8]);
                return Program.Exit(5, "leaving within a frame");
            case "deaf":
                return Program.Wait(Timeout.Infinite);
            case "unknown-id":
                wire.Send(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 4_000_000, ["result"] = "nobody asked" });
                break;
            case "answer-flood":
                for (int i = 0; i < Flood; i++)
                {
                    wire.Send(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 4_000_000 + i, ["result"] = null });
                }

                break;
            case "call-flood":
                // Each is answered, and none of the answers is read meanwhile.
                byte[] one = Wire.Framed($"{{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"Host.{new string('x', 190)}\",\"params\":[]}}");
                byte[] many = [.. Enumerable.Repeat(one, Frames).SelectMany(static frame => frame)];
                for (int i = 0; i < Flood; i++)
                {
                    wire.Raw(many);
                }

                break;
        }

        wire.Answer(call, call["params"]![0]!.DeepClone());
        if (mode == "duplicate-answer")
        {
            wire.Answer(call, "a second one");
        }

        return null;
    }
}
