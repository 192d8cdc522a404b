using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;
using Xunit;

namespace PluginHost.Rpc.Tests.Codecs;

/// <summary>Every kind of value goes out and comes back, whatever the codec.</summary>
public abstract class ValueCodecTests(RpcCodec codec)
{
    [Theory]
    [InlineData(0L)]
    [InlineData(1L)]
    [InlineData(-1L)]
    [InlineData(-32L)]
    [InlineData(-33L)]
    [InlineData(127L)]
    [InlineData(128L)]
    [InlineData(255L)]
    [InlineData(256L)]
    [InlineData(-128L)]
    [InlineData(-129L)]
    [InlineData(32767L)]
    [InlineData(65535L)]
    [InlineData(65536L)]
    [InlineData(-32769L)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    [InlineData(uint.MaxValue)]
    [InlineData((1L << 53) + 1)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void An_integer_comes_back(long value)
    {
        Assert.Equal(value, Through(new Value(Integer: value)).Integer);
    }

    [Fact]
    public void Random_integers_of_every_width_come_back()
    {
        Random random = new(7);
        for (int i = 0; i < 20_000; i++)
        {
            long value = random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);

            Assert.Equal(value, Through(new Value(Integer: value)).Integer);
        }
    }

    [Fact]
    public void Unsigned_integers_come_back()
    {
        foreach (ulong value in (ulong[])[0, 255, ulong.MaxValue, long.MaxValue, 1UL << 63])
        {
            Assert.Equal(value, Through(new Value(Unsigned: value)).Unsigned);
        }
    }

    [Fact]
    public void Floats_come_back_to_the_bit()
    {
        Random random = new(8);
        foreach (double value in (double[])[0, -0.0, 1.5, double.Epsilon, double.MaxValue, double.MinValue, Math.PI, 1e-300])
        {
            Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(Through(new Value(Double: value)).Double));
        }

        for (int i = 0; i < 20_000; i++)
        {
            double value = BitConverter.Int64BitsToDouble(random.NextInt64());
            float single = BitConverter.Int32BitsToSingle(random.Next());
            value = double.IsFinite(value) ? value : 0;
            single = float.IsFinite(single) ? single : 0;

            Value back = Through(new Value(Double: value, Single: single));

            Assert.Equal(value, back.Double);
            Assert.Equal(single, back.Single);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("exactly te")]
    [InlineData("zwölf Boxkämpfer, 漢字, 😀")]
    [InlineData("quote \" backslash \\ slash / tab \t line \n return \r bell \a null \0 back \b form \f")]
    [InlineData("\u0001\u001f\"\"\"\"")]
    public void A_string_comes_back(string? value)
    {
        Assert.Equal(value, Through(new Value(Text: value)).Text);
    }

    [Fact]
    public void Strings_of_every_length_come_back()
    {
        foreach (int length in (int[])[1, 9, 10, 11, 31, 32, 33, 255, 256, 4095, 4096, 4097, 8192, 65535, 65536, 200_000])
        {
            string value = string.Concat(Enumerable.Range(0, length).Select(static i => i % 50 == 7 ? "\"" : i % 31 == 3 ? "é" : "x"));

            Assert.Equal(value, Through(new Value(Text: value)).Text);
        }
    }

    [Fact]
    public void A_surrogate_pair_across_the_pieces_of_a_long_string_comes_back()
    {
        for (int before = 4090; before < 4100; before++)
        {
            string value = new string('x', before) + "😀😀";

            Assert.Equal(value, Through(new Value(Text: value)).Text);
        }
    }

    [Fact]
    public void Half_of_a_surrogate_pair_becomes_the_replacement_character()
    {
        Assert.Equal("a\uFFFDb", Through(new Value(Text: "a\ud800b")).Text);
        Assert.Equal("\uFFFD", Through(new Value(Text: "\udc00")).Text);
    }

    [Fact]
    public void Every_character_comes_back()
    {
        for (int value = 0; value <= char.MaxValue; value++)
        {
            Assert.Equal((char)value, Through(new Value(Character: (char)value)).Character);
        }
    }

    [Fact]
    public void Bytes_come_back()
    {
        Random random = new(9);
        foreach (int length in (int[])[0, 1, 2, 3, 4, 255, 256, 65535, 65536, 100_000])
        {
            byte[] value = new byte[length];
            random.NextBytes(value);

            Assert.Equal(value, Through(new Value(Bytes: value)).Bytes);
        }
    }

    [Fact]
    public void Decimals_keep_their_scale()
    {
        foreach (decimal value in (decimal[])[0m, 1.10m, -1.1000m, decimal.MaxValue, decimal.MinValue, 0.0000000000000000000000000001m, 79228162514264337593543950335m])
        {
            decimal back = Through(new Value(Decimal: value)).Decimal;

            Assert.Equal(decimal.GetBits(value), decimal.GetBits(back));
        }
    }

    [Fact]
    public void Dates_and_times_keep_their_ticks_and_kind()
    {
        foreach (DateTimeKind kind in Enum.GetValues<DateTimeKind>())
        {
            foreach (long ticks in (long[])[0, 1, 637_000_000_123_456_789, 621_355_968_000_000_000, 621_355_967_999_999_999, 862_000_000_000_000_000, 3_155_378_975_999_999_999])
            {
                DateTime value = new(ticks, kind);

                DateTime back = Through(new Value(Time: value)).Time;

                Assert.Equal(value.Ticks, back.Ticks);
                Assert.Equal(value.Kind, back.Kind);
            }
        }
    }

    [Fact]
    public void Offsets_and_durations_come_back()
    {
        foreach (int minutes in (int[])[0, 60, -330, 840, -840, 1])
        {
            DateTimeOffset value = new(637_000_000_123_456_789, TimeSpan.FromMinutes(minutes));

            DateTimeOffset back = Through(new Value(Offset: value)).Offset;

            Assert.Equal(value.Ticks, back.Ticks);
            Assert.Equal(value.Offset, back.Offset);
        }

        foreach (TimeSpan value in (TimeSpan[])[TimeSpan.Zero, TimeSpan.MinValue, TimeSpan.MaxValue, TimeSpan.FromTicks(1), TimeSpan.FromDays(-3.5)])
        {
            Assert.Equal(value, Through(new Value(Span: value)).Span);
        }
    }

    [Fact]
    public void Guids_come_back()
    {
        Guid value = new("0f8fad5b-d9cb-469f-a165-70867728950e");

        Assert.Equal(value, Through(new Value(Id: value)).Id);
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Depth_is_bounded_at_sixty_four(int depth, bool isTaken)
    {
        OutputBuffer output = new();
        byte open = codec == RpcCodec.Json ? (byte)'[' : (byte)0x91;
        for (int i = 0; i < depth; i++)
        {
            output.WriteByte(i == depth - 1 && codec == RpcCodec.MessagePack ? (byte)0x90 : open);
        }

        for (int i = 0; i < depth && codec == RpcCodec.Json; i++)
        {
            output.WriteByte((byte)']');
        }

        Exception? thrown = Record.Exception(() => Descend(output.WrittenSpan));

        Assert.Equal(isTaken, thrown is null);
        Assert.True(thrown is null or ValueFormatException);
    }

    [Fact]
    public void Reading_another_kind_says_what_was_found_and_what_was_expected()
    {
        OutputBuffer output = new();
        if (codec == RpcCodec.Json)
        {
            new JsonValueWriter(output).WriteString("text");
        }
        else
        {
            new MessagePackValueWriter(output).WriteString("text");
        }

        ValueFormatException thrown = Assert.Throws<ValueFormatException>(() => ReadInteger(output.WrittenSpan));

        Assert.Equal("Offset 0: found a string, expected an integer.", thrown.Message);
    }

    [Fact]
    public void Twenty_thousand_damaged_values_are_read_or_refused_and_nothing_else()
    {
        OutputBuffer output = new();
        Write(output, Value.Sample);
        byte[] whole = output.WrittenSpan.ToArray();
        Random random = new(11);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] damaged = whole[..random.Next(whole.Length / 2, whole.Length + 1)];
            for (int change = random.Next(4); change >= 0; change--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                Read(damaged);
            }
            catch (ValueFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1000, 20_000);
    }

    private Value Through(Value value)
    {
        OutputBuffer output = new();
        Write(output, value);
        Value back = Read(output.WrittenSpan);
        output.Release();
        return back;
    }

    private void Write(OutputBuffer output, Value value)
    {
        if (codec == RpcCodec.Json)
        {
            JsonValueWriter writer = new(output);
            value.Write(ref writer);
        }
        else
        {
            MessagePackValueWriter writer = new(output);
            value.Write(ref writer);
        }
    }

    private Value Read(ReadOnlySpan<byte> bytes)
    {
        if (codec == RpcCodec.Json)
        {
            JsonValueReader reader = new(bytes);
            return Value.Read(ref reader);
        }
        else
        {
            MessagePackValueReader reader = new(bytes);
            return Value.Read(ref reader);
        }
    }

    private long ReadInteger(ReadOnlySpan<byte> bytes) =>
        codec == RpcCodec.Json ? new JsonValueReader(bytes).ReadInt64() : new MessagePackValueReader(bytes).ReadInt64();

    private void Descend(ReadOnlySpan<byte> bytes)
    {
        if (codec == RpcCodec.Json)
        {
            JsonValueReader reader = new(bytes);
            Descend(ref reader);
        }
        else
        {
            MessagePackValueReader reader = new(bytes);
            Descend(ref reader);
        }
    }

    private static void Descend<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        ValueScope scope = reader.BeginArray();
        while (reader.NextElement(ref scope))
        {
            Descend(ref reader);
        }
    }

    /// <summary>One value of each kind.</summary>
    private sealed record Value(
        long Integer = 0,
        ulong Unsigned = 0,
        double Double = 0,
        float Single = 0,
        string? Text = null,
        char Character = 'c',
        byte[]? Bytes = null,
        decimal Decimal = 0,
        DateTime Time = default,
        DateTimeOffset Offset = default,
        TimeSpan Span = default,
        Guid Id = default,
        bool Flag = true)
    {
        public static Value Sample { get; } = new(
            -300, 70_000, 1.5, 2.5f, "a \"text\" é", 'x', [1, 2, 3], 1.10m, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Local),
            new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)), TimeSpan.FromSeconds(90), Guid.Empty);

        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct
        {
            writer.BeginMap(3);
            writer.WriteName("numbers"u8);
            writer.BeginArray(6);
            writer.WriteInt64(Integer);
            writer.WriteUInt64(Unsigned);
            writer.WriteDouble(Double);
            writer.WriteSingle(Single);
            writer.WriteDecimal(Decimal);
            writer.WriteBoolean(Flag);
            writer.EndArray();
            writer.WriteName("unknown"u8);
            writer.BeginMap(1);
            writer.WriteKey("key \"1\"");
            writer.WriteNull();
            writer.EndMap();
            writer.WriteName("others"u8);
            writer.BeginArray(7);
            writer.WriteString(Text);
            writer.WriteChar(Character);
            if (Bytes is null)
            {
                writer.WriteNull();
            }
            else
            {
                writer.WriteBinary(Bytes);
            }

            writer.WriteDateTime(Time);
            writer.WriteDateTimeOffset(Offset);
            writer.WriteTimeSpan(Span);
            writer.WriteGuid(Id);
            writer.EndArray();
            writer.EndMap();
        }

        public static Value Read<TReader>(ref TReader reader)
            where TReader : struct, IValueReader, allows ref struct
        {
            Value value = new();
            ValueScope map = reader.BeginMap();
            while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("numbers"u8))
                {
                    ValueScope array = reader.BeginArray();
                    value = value with
                    {
                        Integer = reader.ReadInt64(),
                        Unsigned = reader.ReadUInt64(),
                        Double = reader.ReadDouble(),
                        Single = reader.ReadSingle(),
                        Decimal = reader.ReadDecimal(),
                        Flag = reader.ReadBoolean(),
                    };
                    array.Remaining = array.Remaining < 0 ? -1 : 0;
                    reader.NextElement(ref array);
                }
                else if (name.SequenceEqual("others"u8))
                {
                    ValueScope array = reader.BeginArray();
                    value = value with
                    {
                        Text = reader.ReadString(),
                        Character = reader.ReadChar(),
                        Bytes = reader.ReadBinary(),
                        Time = reader.ReadDateTime(),
                        Offset = reader.ReadDateTimeOffset(),
                        Span = reader.ReadTimeSpan(),
                        Id = reader.ReadGuid(),
                    };
                    array.Remaining = array.Remaining < 0 ? -1 : 0;
                    reader.NextElement(ref array);
                }
                else
                {
                    reader.Skip();
                }
            }

            return value;
        }
    }
}

public sealed class MessagePackValueTests() : ValueCodecTests(RpcCodec.MessagePack)
{
    [Theory]
    [InlineData("dd7fffffff")]
    [InlineData("df7fffffff")]
    [InlineData("ddffffffff")]
    [InlineData("dc03e8c0")]
    [InlineData("dbffffffff")]
    [InlineData("c6ffffffff01")]
    [InlineData("c97fffffff05")]
    [InlineData("9f")]
    [InlineData("8f")]
    [InlineData("c1")]
    [InlineData("")]
    public void Counts_and_lengths_beyond_the_message_are_refused_before_memory_is_taken(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<ValueFormatException>(() => new MessagePackValueReader(bytes).Skip());
        Assert.Throws<ValueFormatException>(() => new MessagePackValueReader(bytes).ReadBinary());
        Assert.Throws<ValueFormatException>(() => new MessagePackValueReader(bytes).BeginArray());

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Theory]
    [InlineData("05")]
    [InlineData("cc05")]
    [InlineData("cd0005")]
    [InlineData("ce00000005")]
    [InlineData("cf0000000000000005")]
    [InlineData("d005")]
    [InlineData("d10005")]
    [InlineData("d200000005")]
    [InlineData("d30000000000000005")]
    public void An_integer_of_any_width_is_read(string hex)
    {
        Assert.Equal(5, new MessagePackValueReader(Convert.FromHexString(hex)).ReadInt32());
    }
}

public sealed class JsonValueTests() : ValueCodecTests(RpcCodec.Json)
{
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_json_cannot_hold_is_refused_before_a_byte_is_written(double value)
    {
        OutputBuffer output = new();

        Assert.Throws<ValueFormatException>(() => new JsonValueWriter(output).WriteDouble(value));

        Assert.Equal(0, output.Length);
    }

    [Theory]
    [InlineData("\"\\u0041\\ud83d\\ude00\\ud800\"", "A😀\uFFFD")]
    [InlineData("\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"", "/\b\f\n\r\t\"\\")]
    public void Escapes_are_read(string json, string expected)
    {
        Assert.Equal(expected, new JsonValueReader(System.Text.Encoding.UTF8.GetBytes(json)).ReadString());
    }
}
