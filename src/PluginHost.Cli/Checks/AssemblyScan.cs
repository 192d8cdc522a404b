using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace PluginHost.Cli.Checks;

/// <summary>Reads the code of one assembly, without loading it, and finds what the rules are about. Used once.</summary>
internal sealed class AssemblyScan
{
    private const string Token = "System.Threading.CancellationToken";
    private readonly MetadataReader _reader;
    private readonly PEReader _pe;
    private readonly SourceLines _lines;
    private readonly IReadOnlySet<string> _own;
    private readonly TypeNames _types;
    private readonly string _assembly;
    private readonly Dictionary<MethodDefinitionHandle, MethodCode> _code = [];
    private readonly Dictionary<TypeDefinitionHandle, HashSet<string>> _done = [];
    private readonly List<Finding> _findings = [];

    private AssemblyScan(PEReader pe, SourceLines lines, IReadOnlySet<string> own)
    {
        _pe = pe;
        _lines = lines;
        _own = own;
        _reader = pe.GetMetadataReader();
        _assembly = _reader.GetString(_reader.GetAssemblyDefinition().Name);
        _types = new TypeNames(_assembly);
    }

    /// <summary>Scans an assembly's file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="own">The simple names of the plugin's own assemblies.</param>
    /// <returns>The findings, the same of one method joined.</returns>
    /// <exception cref="BadImageFormatException">It is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IReadOnlyList<Finding> Of(string path, IReadOnlySet<string> own)
    {
        using PEReader pe = new(File.OpenRead(path));
        using SourceLines lines = new(pe, path);
        AssemblyScan scan = new(pe, lines, own);
        scan.Run();
        return [.. scan._findings.GroupBy(f => (f.Rule, f.Severity, f.Method, f.Api)).Select(same => same.First() with { Count = same.Count() })];
    }

    private void Run()
    {
        foreach (MethodDefinitionHandle handle in _reader.MethodDefinitions.Where(IsAuthors))
        {
            MethodDefinition method = _reader.GetMethodDefinition(handle);
            if (method.RelativeVirtualAddress != 0 && method.Attributes.HasFlag(MethodAttributes.PinvokeImpl) is false)
            {
                Remember(handle, new MethodCode(_reader, _types, method, _pe.GetMethodBody(method.RelativeVirtualAddress)));
            }
        }

        foreach (MethodDefinitionHandle handle in _reader.MethodDefinitions.Where(IsAuthors))
        {
            Definition(handle, _reader.GetMethodDefinition(handle));
            if (_code.TryGetValue(handle, out MethodCode? code))
            {
                Code(handle, code);
            }
        }

        Fields();
        Assembly();
    }

    // Helpers that the compiler shares between methods, such as those of inline arrays: nobody wrote them.
    private bool IsAuthors(MethodDefinitionHandle handle) =>
        !_reader.GetString(_reader.GetTypeDefinition(AuthorNames.Outermost(_reader, handle)).Name).StartsWith("<PrivateImplementationDetails>", StringComparison.Ordinal);

    private void Remember(MethodDefinitionHandle handle, MethodCode code)
    {
        _code.Add(handle, code);
        TypeDefinitionHandle type = AuthorNames.Outermost(_reader, handle);
        HashSet<string> done = _done.TryGetValue(type, out HashSet<string>? known) ? known : _done[type] = [];
        foreach (Call call in code.Calls)
        {
            done.Add(call.Key);
            if (call.Method is "Dispose" or "DisposeAsync" or "Close")
            {
                done.Add($"dispose {call.Type.Name}");
                done.Add($"dispose {Inner(call.This?.Type).Name}");
            }
        }
    }

    private void Code(MethodDefinitionHandle handle, MethodCode code)
    {
        Scope scope = new(_own, code.Calls, WatchesToken);
        foreach (Call call in code.Calls)
        {
            if (ApiTable.Judge(call, scope) is not { } judged)
            {
                continue;
            }

            bool isUndone = judged.Undo is { } undo && _done[AuthorNames.Outermost(_reader, handle)].Contains(undo);
            if (!isUndone)
            {
                Add(judged.Rule, judged.Severity, handle, call.Offset, call.Text);
            }
            else if (judged.Rule != Rules.TokenRegistration)
            {
                Add(judged.Rule, Severity.Note, handle, call.Offset, call.Text, Readable(judged.Undo!));
            }
        }

        if (code.UsesPointers && !IsGenerated(handle))
        {
            Add(Rules.Unsafe, Rules.Unsafe.Severity, handle, 0, "pointers");
        }
    }

    private void Definition(MethodDefinitionHandle handle, MethodDefinition method)
    {
        if (method.Attributes.HasFlag(MethodAttributes.PinvokeImpl) && method.GetImport() is { Module.IsNil: false } import)
        {
            string function = import.Name.IsNil ? _reader.GetString(method.Name) : _reader.GetString(import.Name);
            Rule rule = NativeFunctions.AreHostile(function) ? Rules.NativeProcess : Rules.PInvoke;
            Add(rule, rule.Severity, handle, 0, $"{_reader.GetString(_reader.GetModuleReference(import.Module).Name)}!{function}");
        }

        if (Has(method.GetCustomAttributes(), "System.Runtime.CompilerServices.UnsafeAccessorAttribute")
            && method.DecodeSignature(_types, null) is var accessor && !accessor.ParameterTypes.Append(accessor.ReturnType).Any(t => t.IsMadeOf(_own)))
        {
            Add(Rules.PrivateReflection, Rules.PrivateReflection.Severity, handle, 0, "UnsafeAccessor");
        }

        if (Has(method.GetCustomAttributes(), "System.Runtime.CompilerServices.AsyncStateMachineAttribute") && method.DecodeSignature(_types, null).ReturnType.Name == "System.Void")
        {
            Add(Rules.AsyncVoid, Rules.AsyncVoid.Severity, handle, 0, "async void");
        }
    }

    private void Fields()
    {
        foreach (FieldDefinitionHandle handle in _reader.FieldDefinitions)
        {
            FieldDefinition field = _reader.GetFieldDefinition(handle);
            string name = _reader.GetString(field.Name);
            if (field.Attributes.HasFlag(FieldAttributes.Static) && field.DecodeSignature(_types, null) is var type && type.Name.StartsWith(Token, StringComparison.Ordinal))
            {
                string owner = TypeNames.NameOf(_reader, field.GetDeclaringType()).Replace('+', '.');
                _findings.Add(Finding.Of(Rules.StaticToken, Rules.StaticToken.Severity, _assembly, $"{owner}.{AuthorNames.Unwrap(name).Name}", null, $"static {type}"));
            }
        }
    }

    private void Assembly()
    {
        foreach (AssemblyReferenceHandle handle in _reader.AssemblyReferences)
        {
            string name = _reader.GetString(_reader.GetAssemblyReference(handle).Name);
            if (name is "PluginHost.Runtime" or "PluginHost.Loading" or "PluginHost.Rpc" or "PluginHost.Telemetry" or "PluginHost.Worker" or "PluginHost.Hosting")
            {
                _findings.Add(Finding.Of(Rules.EngineReference, Rules.EngineReference.Severity, _assembly, null, null, name));
            }
        }

        if (Has(_reader.GetAssemblyDefinition().GetCustomAttributes(), "System.Runtime.CompilerServices.IgnoresAccessChecksToAttribute"))
        {
            _findings.Add(Finding.Of(Rules.PrivateReflection, Rules.PrivateReflection.Severity, _assembly, null, null, "IgnoresAccessChecksTo"));
        }
    }

    private bool WatchesToken(EntityHandle method) =>
        method.Kind == HandleKind.MethodDefinition
        && _code.TryGetValue((MethodDefinitionHandle)method, out MethodCode? code)
        && code.Calls.Any(c => c.Type.Name.StartsWith(Token, StringComparison.Ordinal) || c.Parameters.Any(p => p.Name == Token));

    private void Add(Rule rule, Severity severity, MethodDefinitionHandle handle, int offset, string api, string? undo = null) =>
        _findings.Add(Finding.Of(rule, severity, _assembly, AuthorNames.Of(_reader, handle), _lines.At(handle, offset), api, undo));

    private bool IsGenerated(MethodDefinitionHandle handle)
    {
        if (Has(_reader.GetMethodDefinition(handle).GetCustomAttributes(), "System.CodeDom.Compiler.GeneratedCodeAttribute"))
        {
            return true;
        }

        TypeDefinition type = _reader.GetTypeDefinition(_reader.GetMethodDefinition(handle).GetDeclaringType());
        return Has(type.GetCustomAttributes(), "System.CodeDom.Compiler.GeneratedCodeAttribute");
    }

    private bool Has(CustomAttributeHandleCollection attributes, string name)
    {
        foreach (CustomAttributeHandle handle in attributes)
        {
            EntityHandle constructor = _reader.GetCustomAttribute(handle).Constructor;
            EntityHandle type = constructor.Kind == HandleKind.MemberReference
                ? _reader.GetMemberReference((MemberReferenceHandle)constructor).Parent
                : _reader.GetMethodDefinition((MethodDefinitionHandle)constructor).GetDeclaringType();
            if (_types.Of(_reader, type).Name == name)
            {
                return true;
            }
        }

        return false;
    }

    private static TypeName Inner(TypeName? type) => type is { Shape: TypeShape.ByRef, Arguments: [{ } inner] } ? inner : type ?? TypeName.Unknown;

    private static string Readable(string undo) =>
        undo.StartsWith("dispose ", StringComparison.Ordinal) ? "its Dispose" : undo[(undo.LastIndexOf('.') + 1)..].Replace("::", ".", StringComparison.Ordinal);
}
