namespace PluginHost.Rpc.Codecs;

/// <summary>The first bytes of MessagePack values.</summary>
internal static class MessagePackCode
{
    public const byte FixMap = 0x80;
    public const byte FixArray = 0x90;
    public const byte FixString = 0xa0;
    public const byte Nil = 0xc0;
    public const byte False = 0xc2;
    public const byte True = 0xc3;
    public const byte Bin8 = 0xc4;
    public const byte Bin16 = 0xc5;
    public const byte Bin32 = 0xc6;
    public const byte Ext8 = 0xc7;
    public const byte Ext16 = 0xc8;
    public const byte Ext32 = 0xc9;
    public const byte Float32 = 0xca;
    public const byte Float64 = 0xcb;
    public const byte UInt8 = 0xcc;
    public const byte UInt16 = 0xcd;
    public const byte UInt32 = 0xce;
    public const byte UInt64 = 0xcf;
    public const byte Int8 = 0xd0;
    public const byte Int16 = 0xd1;
    public const byte Int32 = 0xd2;
    public const byte Int64 = 0xd3;
    public const byte FixExt1 = 0xd4;
    public const byte FixExt4 = 0xd6;
    public const byte FixExt8 = 0xd7;
    public const byte FixExt16 = 0xd8;
    public const byte String8 = 0xd9;
    public const byte String16 = 0xda;
    public const byte String32 = 0xdb;
    public const byte Array16 = 0xdc;
    public const byte Array32 = 0xdd;
    public const byte Map16 = 0xde;
    public const byte Map32 = 0xdf;
    public const byte NegativeFixInt = 0xe0;

    /// <summary>The extension type of timestamps, -1.</summary>
    public const byte Timestamp = 0xff;

    /// <summary>The extension type of a large value in shared memory.</summary>
    public const byte SharedPayload = 0x50;

    /// <summary>The extension type of a large value in chunks.</summary>
    public const byte ChunkedPayload = 0x51;

    /// <summary>Names a value for an error text.</summary>
    public static string Name(byte code) => code switch
    {
        < FixMap or >= NegativeFixInt or (>= UInt8 and <= Int64) => "an integer",
        < FixArray or Map16 or Map32 => "a map",
        < FixString or Array16 or Array32 => "an array",
        < Nil or String8 or String16 or String32 => "a string",
        Nil => "null",
        False or True => "a boolean",
        Bin8 or Bin16 or Bin32 => "bytes",
        Float32 or Float64 => "a float",
        0xc1 => "the unused byte C1",
        _ => "an extension",
    };
}
