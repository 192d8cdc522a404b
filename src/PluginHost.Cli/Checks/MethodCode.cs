using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace PluginHost.Cli.Checks;

/// <summary>
/// Follows the code of one method from its first instruction to its last, with what is known of the values on the stack, and gives every call. What two
/// ways into one place bring there is taken from the first of them: good for what is said of constants and types, not a verification. Used once.
/// </summary>
internal sealed class MethodCode
{
    private readonly MetadataReader _reader;
    private readonly TypeNames _types;
    private readonly MethodBodyBlock _body;
    private readonly ImmutableArray<TypeName> _locals;
    private readonly List<TypeName> _arguments = [];
    private readonly Dictionary<int, Value> _stored = [];
    private readonly Dictionary<int, List<Value>> _arriving = [];
    private readonly List<Call> _calls = [];
    private List<Value> _stack = [];

    /// <summary>Reads a method.</summary>
    /// <exception cref="BadImageFormatException">Its code is damaged.</exception>
    public MethodCode(MetadataReader reader, TypeNames types, MethodDefinition method, MethodBodyBlock body)
    {
        _reader = reader;
        _types = types;
        _body = body;
        _locals = body.LocalSignature.IsNil ? [] : reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(types, null);
        MethodSignature<TypeName> signature = method.DecodeSignature(types, null);
        if (signature.Header.IsInstance)
        {
            _arguments.Add(types.Of(reader, method.GetDeclaringType()));
        }

        _arguments.AddRange(signature.ParameterTypes);
        foreach (ExceptionRegion region in body.ExceptionRegions)
        {
            if (region.Kind is ExceptionRegionKind.Catch or ExceptionRegionKind.Filter)
            {
                _arriving[region.HandlerOffset] = [Value.Unknown];
            }

            if (region.Kind == ExceptionRegionKind.Filter)
            {
                _arriving[region.FilterOffset] = [Value.Unknown];
            }
        }

        UsesPointers = _locals.Concat(signature.ParameterTypes).Append(signature.ReturnType).Any(t => t.Shape == TypeShape.Pointer);
        Walk();
    }

    /// <summary>Every call, in the order of the code.</summary>
    public IReadOnlyList<Call> Calls => _calls;

    /// <summary>Whether a local, a parameter or the result is a pointer, or a function is called by its address.</summary>
    public bool UsesPointers { get; private set; }

    private void Walk()
    {
        BlobReader il = _body.GetILReader();
        bool reached = true;
        while (il.RemainingBytes > 0)
        {
            int offset = il.Offset;
            if (_arriving.TryGetValue(offset, out List<Value>? arriving) && (!reached || _stack.Count != arriving.Count))
            {
                _stack = [.. arriving];
            }
            else if (!reached)
            {
                _stack = [];
            }

            if (Opcodes.Read(ref il) is not { } code)
            {
                throw new BadImageFormatException($"There is no instruction at {offset:x}.");
            }

            Step(code, ref il, offset);
            reached = code.FlowControl is not (FlowControl.Branch or FlowControl.Return or FlowControl.Throw);
        }
    }

    private void Step(OpCode code, ref BlobReader il, int offset)
    {
        switch (code.OperandType)
        {
            case OperandType.InlineMethod:
                Method(code, MetadataTokens.EntityHandle(il.ReadInt32()), offset);
                return;
            case OperandType.InlineField or OperandType.InlineTok or OperandType.InlineType:
                Token(code, MetadataTokens.EntityHandle(il.ReadInt32()));
                return;
            case OperandType.InlineString:
                _stack.Add(new Value(Primitive("String")) { Text = _reader.GetUserString(MetadataTokens.UserStringHandle(il.ReadInt32() & 0xFFFFFF)) });
                return;
            case OperandType.InlineSig:
                Indirect(_reader.GetStandaloneSignature((StandaloneSignatureHandle)MetadataTokens.Handle(il.ReadInt32())));
                return;
            case OperandType.InlineBrTarget or OperandType.ShortInlineBrTarget:
                int distance = code.OperandType == OperandType.InlineBrTarget ? il.ReadInt32() : il.ReadSByte();
                Take(Opcodes.Pops(code));
                Arrive(il.Offset + distance, isEmpty: code.Value == OpCodes.Leave.Value || code.Value == OpCodes.Leave_S.Value);
                return;
            case OperandType.InlineSwitch:
                Switch(ref il);
                return;
        }

        int? operand = Opcodes.ReadNumber(code.OperandType, ref il);
        if (Variable(code, operand))
        {
            return;
        }

        Value[] taken = Take(Opcodes.Pops(code));
        for (int i = Opcodes.Pushes(code); i > 0; i--)
        {
            bool isKept = code.Value == OpCodes.Dup.Value || Opcodes.IsConversion(code);
            _stack.Add(isKept && taken.Length > 0 ? taken[0] : Opcodes.Constant(code, operand) is { } number ? new Value(Primitive("Int32")) { Number = number } : Value.Unknown);
        }

        if (code.Value == OpCodes.Pop.Value && _calls is [.., { } last] && last.Offset + 5 == offset)
        {
            _calls[^1] = last with { IsDropped = true };
        }
    }

    private void Method(OpCode code, EntityHandle handle, int offset)
    {
        if (code.Value == OpCodes.Ldftn.Value || code.Value == OpCodes.Ldvirtftn.Value)
        {
            Take(Opcodes.Pops(code));
            _stack.Add(Value.Unknown with { Function = handle });
            return;
        }

        IReadOnlyList<TypeName> methodArguments = [];
        if (handle.Kind == HandleKind.MethodSpecification)
        {
            MethodSpecification specification = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
            methodArguments = specification.DecodeSignature(_types, null);
            handle = specification.Method;
        }

        (TypeName type, string name, MethodSignature<TypeName> signature) = Members.Method(_reader, _types, handle);
        bool isNew = code.Value == OpCodes.Newobj.Value;
        Value[] arguments = Take(signature.ParameterTypes.Length);
        Value? target = signature.Header.IsInstance && !isNew ? Take(1)[0] : null;
        Call call = new()
        {
            Type = type,
            Method = name,
            IsInstance = signature.Header.IsInstance,
            IsNew = isNew,
            Parameters = signature.ParameterTypes,
            MethodArguments = methodArguments,
            This = target,
            Arguments = arguments,
            Offset = offset,
        };
        _calls.Add(call);
        if (isNew || signature.ReturnType.Name != "System.Void")
        {
            _stack.Add(Result(call, isNew ? type : signature.ReturnType));
        }
    }

    private static Value Result(Call call, TypeName type) => call switch
    {
        { Key: "System.Type::GetTypeFromHandle", Arguments: [{ TypeOf: { } of }] } => new Value(type) { TypeOf = of },
        { Type.Name: "System.Type", Method: "GetType", Arguments: [{ Text: { } text }, ..] } => new Value(type) { Text = text },
        { IsNew: true, Arguments: [_, { Function.IsNil: false } function] } => new Value(type) { Function = function.Function },
        { IsInstance: false, Parameters.Count: 0 } when call.Method.StartsWith("get_", StringComparison.Ordinal) => new Value(type) { ReadFrom = $"{call.Type.Short}.{call.Method[4..]}" },
        _ => new Value(type),
    };

    private void Token(OpCode code, EntityHandle handle)
    {
        Value[] taken = Take(Opcodes.Pops(code));
        if (Opcodes.Pushes(code) == 0)
        {
            return;
        }

        _stack.Add(code.OperandType switch
        {
            OperandType.InlineField => new Value(Members.FieldType(_reader, _types, handle)),
            OperandType.InlineTok => Value.Unknown with { TypeOf = _types.Of(_reader, handle) },
            _ when (code.Value == OpCodes.Castclass.Value || code.Value == OpCodes.Isinst.Value) && taken is [{ } cast] => cast with { Type = _types.Of(_reader, handle) },
            _ => new Value(_types.Of(_reader, handle)),
        });
    }

    private void Indirect(StandaloneSignature signature)
    {
        UsesPointers = true;
        MethodSignature<TypeName> called = signature.DecodeMethodSignature(_types, null);
        Take(called.ParameterTypes.Length + 1 + (called.Header.IsInstance ? 1 : 0));
        if (called.ReturnType.Name != "System.Void")
        {
            _stack.Add(new Value(called.ReturnType));
        }
    }

    private void Switch(ref BlobReader il)
    {
        Take(1);
        int count = il.ReadInt32();
        if (count < 0 || count > il.RemainingBytes / sizeof(int))
        {
            throw new BadImageFormatException("A switch has more targets than there is code.");
        }

        int[] targets = new int[count];
        for (int i = 0; i < targets.Length; i++)
        {
            targets[i] = il.ReadInt32();
        }

        foreach (int distance in targets)
        {
            Arrive(il.Offset + distance, isEmpty: false);
        }
    }

    private void Arrive(int offset, bool isEmpty) => _arriving.TryAdd(offset, isEmpty ? [] : [.. _stack]);

    /// <summary>Locals and arguments: what was stored last, else the declared type.</summary>
    private bool Variable(OpCode code, int? operand)
    {
        string name = code.Name!;
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        string kind = dot < 0 ? name : name[..dot];
        if (kind is not ("ldloc" or "ldloca" or "stloc" or "ldarg" or "ldarga" or "starg"))
        {
            return false;
        }

        int index = operand ?? name[^1] - '0';
        switch (kind)
        {
            case "stloc":
                Value stored = Take(1)[0];
                _stored[index] = stored.Type == TypeName.Unknown ? stored with { Type = At(_locals, index) } : stored;
                break;
            case "starg":
                Take(1);
                break;
            case "ldloc" or "ldloca":
                _stack.Add(_stored.GetValueOrDefault(index) ?? new Value(At(_locals, index)));
                break;
            default:
                _stack.Add(new Value(At(_arguments, index)));
                break;
        }

        return true;
    }

    private Value[] Take(int count)
    {
        // A method's end takes what there is.
        count = count < 0 ? _stack.Count : count;
        Value[] taken = new Value[count];
        for (int i = count - 1; i >= 0; i--)
        {
            taken[i] = _stack.Count > 0 ? _stack[^1] : Value.Unknown;
            if (_stack.Count > 0)
            {
                _stack.RemoveAt(_stack.Count - 1);
            }
        }

        return taken;
    }

    private static TypeName At(IReadOnlyList<TypeName> types, int index) => index >= 0 && index < types.Count ? types[index] : TypeName.Unknown;

    private static TypeName Primitive(string name) => new($"System.{name}", "", []);
}
