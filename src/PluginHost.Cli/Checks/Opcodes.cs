using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;

namespace PluginHost.Cli.Checks;

/// <summary>The instructions of the intermediate language: their operands' lengths and what they take from and put on the stack.</summary>
internal static class Opcodes
{
    private const byte TwoBytes = 0xFE;
    private static readonly OpCode?[] s_short = new OpCode?[256];
    private static readonly OpCode?[] s_long = new OpCode?[256];

    static Opcodes()
    {
        foreach (FieldInfo field in typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            if (field.GetValue(null) is OpCode code)
            {
                ushort value = unchecked((ushort)code.Value);
                (code.Size == 1 ? s_short : s_long)[value & 0xFF] = code;
            }
        }
    }

    /// <summary>Reads the next instruction.</summary>
    /// <returns>Null where the bytes are none: the method is damaged.</returns>
    public static OpCode? Read(ref BlobReader il)
    {
        byte first = il.ReadByte();
        return first == TwoBytes && il.RemainingBytes > 0 ? s_long[il.ReadByte()] : s_short[first];
    }

    /// <summary>How long an operand is; of a switch, the length of its count.</summary>
    public static int OperandLength(OperandType type) => type switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    /// <summary>How many values an instruction takes; -1 where its operand says.</summary>
    public static int Pops(OpCode code) => code.StackBehaviourPop switch
    {
        StackBehaviour.Pop0 => 0,
        StackBehaviour.Pop1 or StackBehaviour.Popi or StackBehaviour.Popref => 1,
        StackBehaviour.Varpop => -1,
        StackBehaviour.Popi_popi_popi or StackBehaviour.Popref_popi_popi or StackBehaviour.Popref_popi_popi8 or StackBehaviour.Popref_popi_popr4
            or StackBehaviour.Popref_popi_popr8 or StackBehaviour.Popref_popi_popref or StackBehaviour.Popref_popi_pop1 => 3,
        _ => 2,
    };

    /// <summary>How many values an instruction puts; -1 where its operand says.</summary>
    public static int Pushes(OpCode code) => code.StackBehaviourPush switch
    {
        StackBehaviour.Push0 => 0,
        StackBehaviour.Push1_push1 => 2,
        StackBehaviour.Varpush => -1,
        _ => 1,
    };

    /// <summary>Reads an operand: its number where it is a small one, else null behind it.</summary>
    public static int? ReadNumber(OperandType type, ref BlobReader il)
    {
        switch (type)
        {
            case OperandType.ShortInlineI:
                return il.ReadSByte();
            case OperandType.ShortInlineVar:
                return il.ReadByte();
            case OperandType.InlineVar:
                return il.ReadUInt16();
            case OperandType.InlineI:
                return il.ReadInt32();
            default:
                il.Offset += OperandLength(type);
                return null;
        }
    }

    /// <summary>The number that an instruction puts on the stack; null where it puts none.</summary>
    public static int? Constant(OpCode code, int? operand) =>
        code.Name is not { } name || !name.StartsWith("ldc.i4", StringComparison.Ordinal) ? null
        : operand ?? (name == "ldc.i4.m1" ? -1 : name[^1] - '0');

    /// <summary>Whether an instruction leaves its value what it was, for our purposes.</summary>
    public static bool IsConversion(OpCode code) => code.Name!.StartsWith("conv.", StringComparison.Ordinal) || code.Value == OpCodes.Unbox_Any.Value;
}
