using System.Text;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;
using Xunit;

namespace PluginHost.Rpc.Tests.Codecs;

/// <summary>Finding the members of messages.</summary>
public sealed class EnvelopeReaderTests
{
    [Fact]
    public void Members_are_found_in_every_order()
    {
        string[] members = ["\"jsonrpc\":\"2.0\"", "\"id\":7", "\"method\":\"A.B\"", "\"params\":[1,{\"id\":2}]"];
        foreach (string[] order in Orders(members))
        {
            byte[] frame = Encoding.UTF8.GetBytes("{" + string.Join(" , ", order) + "}");

            Envelope envelope = EnvelopeReader.Read(frame, RpcCodec.Json);

            Assert.Equal(MessageKind.Request, envelope.Kind);
            Assert.Equal(7, envelope.Id);
            Assert.Equal("A.B", Encoding.UTF8.GetString(envelope.Method.Of(frame)));
            Assert.Equal("[1,{\"id\":2}]", Encoding.UTF8.GetString(envelope.Params.Of(frame)));
        }
    }

    [Theory]
    [InlineData("{\"id\":1,\"result\":null,\"error\":{}}", "Error")]
    [InlineData("{\"id\":1,\"result\":3,\"error\":null}", "Result")]
    [InlineData("{\"id\":1,\"error\":null}", "Error")]
    [InlineData("{\"id\":1,\"result\":1,\"result\":2}", "Result")]
    [InlineData("{\"method\":\"a\"}", "Notification")]
    [InlineData("{\"id\":1,\"method\":null}", "InvalidRequest")]
    public void A_message_is_what_its_members_say(string json, string kind)
    {
        Assert.Equal(kind, EnvelopeReader.Read(Encoding.UTF8.GetBytes(json), RpcCodec.Json).Kind.ToString());
    }

    [Theory]
    [InlineData("84a76a736f6e727063a3322e30a2696402a66d6574686f64a84164644173796e63a6706172616d73920304", "Request")]
    [InlineData("83a76a736f6e727063a3322e30a2696402a6726573756c7407", "Result")]
    [InlineData("83a76a736f6e727063a3322e30a66d6574686f64a84e6f746966794d65a6706172616d7381a173a178", "Notification")]
    [InlineData("83a76a736f6e727063a3322e30a2696414a56572726f7283a4636f6465d2ffff7fe0a76d657373616765a163a464617461c0", "Error")]
    public void Messages_of_real_peers_are_read(string hex, string kind)
    {
        byte[] frame = Convert.FromHexString(hex);

        Assert.Equal(RpcCodec.MessagePack, EnvelopeReader.Detect(frame));
        Assert.Equal(kind, EnvelopeReader.Read(frame, RpcCodec.MessagePack).Kind.ToString());
    }

    [Theory]
    [InlineData(RpcCodec.MessagePack, 1L << 32)]
    [InlineData(RpcCodec.MessagePack, (1L << 53) - 1)]
    [InlineData(RpcCodec.MessagePack, uint.MaxValue)]
    [InlineData(RpcCodec.Json, 1L << 32)]
    public void Every_id_that_we_give_is_read_back_as_itself(RpcCodec codec, long id)
    {
        OutputBuffer output = new();
        EnvelopeWriter.BeginRequest(output, codec, id, "Probe.Add"u8);
        output.Write(codec == RpcCodec.Json ? "[]"u8 : [0x90]);
        EnvelopeWriter.End(output, codec);

        Envelope envelope = EnvelopeReader.Read(output.WrittenSpan, codec);

        Assert.Equal((IdKind.Integer, id), (envelope.IdKind, envelope.Id));
    }

    [Fact]
    public void An_id_beyond_63_bits_is_only_echoed()
    {
        byte[] frame = [0x82, 0xa2, 0x69, 0x64, 0xcf, 0xff, 0, 0, 0, 0, 0, 0, 1, 0xa6, 0x6d, 0x65, 0x74, 0x68, 0x6f, 0x64, 0xa1, 0x61];

        Envelope envelope = EnvelopeReader.Read(frame, RpcCodec.MessagePack);

        Assert.Equal(IdKind.Raw, envelope.IdKind);
        Assert.Equal(9, envelope.RawId.Length);
    }

    [Fact]
    public void A_request_is_written_byte_for_byte_as_real_peers_write_it()
    {
        OutputBuffer output = new();

        EnvelopeWriter.BeginRequest(output, RpcCodec.MessagePack, 2, "AddAsync"u8);
        output.Write([0x92, 3, 4]);
        EnvelopeWriter.End(output, RpcCodec.MessagePack);

        Assert.Equal(
            "84a76a736f6e727063a3322e30a2696402a66d6574686f64a84164644173796e63a6706172616d73920304",
            Convert.ToHexStringLower(output.WrittenSpan));
    }

    private static IEnumerable<string[]> Orders(string[] members) => members.Length == 1
        ? [members]
        : members.SelectMany(first => Orders([.. members.Where(m => m != first)]).Select(rest => (string[])[first, .. rest]));
}
