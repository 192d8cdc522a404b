using System.Text;
using Mono.Cecil;

namespace PluginHost.Architecture.Tests.Support;

/// <summary>Writes what other assemblies can see of one, a line a member, in an order that depends on names alone.</summary>
internal static class Surface
{
    public static string Of(ModuleDefinition module)
    {
        StringBuilder text = new();
        foreach (TypeDefinition type in module.GetTypes().Where(IsVisible).OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Head(type)).Append('\n');
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Head(TypeDefinition type)
    {
        string kind = type switch
        {
            { IsInterface: true } => "interface",
            { IsEnum: true } => "enum",
            { IsValueType: true } => "struct",
            { BaseType.FullName: "System.MulticastDelegate" } => "delegate",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        IEnumerable<string> bases = type.Interfaces.Select(implemented => Name(implemented.InterfaceType))
            .Where(name => name != $"System.IEquatable<{Plain(type)}>").Order(StringComparer.Ordinal);
        if (type.BaseType is { } parent && kind is "class" or "abstract class" or "sealed class" && type.BaseType.FullName != "System.Object")
        {
            bases = bases.Prepend(Name(type.BaseType));
        }

        string list = string.Join(", ", bases);
        return $"{kind} {type.FullName.Replace('/', '.')}{(list.Length > 0 ? " : " + list : "")}";
    }

    private static IEnumerable<string> Members(TypeDefinition type)
    {
        foreach (FieldDefinition field in type.Fields.Where(field => (field.IsPublic || field.IsFamily) && !field.IsSpecialName))
        {
            yield return type.IsEnum
                ? $"{field.Name} = {field.Constant}"
                : $"field {(field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}";
        }

        foreach (PropertyDefinition property in type.Properties)
        {
            string accessors = string.Join(" ", new[] { property.GetMethod, property.SetMethod }.OfType<MethodDefinition>().Where(IsVisible).Select(Accessor));
            if (accessors.Length > 0)
            {
                string index = property.Parameters.Count > 0 ? $"[{Parameters(property.Parameters)}]" : "";
                yield return $"{Modifiers(property.GetMethod ?? property.SetMethod)}{Name(property.PropertyType)} {property.Name}{index} {{ {accessors} }}";
            }
        }

        foreach (EventDefinition raised in type.Events.Where(raised => IsVisible(raised.AddMethod)))
        {
            yield return $"event {Name(raised.EventType)} {raised.Name}";
        }

        // What the compiler writes for records is as certain as the record itself.
        foreach (MethodDefinition method in type.Methods.Where(method => IsVisible(method) && !IsAccessor(method) && !IsGenerated(method)))
        {
            string generic = method.HasGenericParameters ? $"<{string.Join(", ", method.GenericParameters.Select(parameter => parameter.Name))}>" : "";
            yield return $"{Modifiers(method)}{(method.IsConstructor ? "" : Name(method.ReturnType) + " ")}{method.Name}{generic}({Parameters(method.Parameters)})";
        }
    }

    private static string Accessor(MethodDefinition method) => method switch
    {
        { IsGetter: true } => "get;",
        { ReturnType: RequiredModifierType } => "init;",
        _ => "set;",
    };

    private static string Modifiers(MethodDefinition method)
    {
        string access = method.IsPublic ? "" : "protected ";
        return access + method switch
        {
            { IsStatic: true } => "static ",
            { DeclaringType.IsInterface: true, IsAbstract: false } => "default ",
            { DeclaringType.IsInterface: true } => "",
            { IsAbstract: true } => "abstract ",
            { IsVirtual: true, IsFinal: false, IsNewSlot: false } => "override ",
            { IsVirtual: true, IsFinal: false, DeclaringType.IsSealed: false } => "virtual ",
            _ => "",
        };
    }

    private static string Parameters(IEnumerable<ParameterDefinition> parameters) => string.Join(", ", parameters.Select(parameter =>
        $"{(parameter.ParameterType.IsByReference ? parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref " : "")}{Name(parameter.ParameterType)} {parameter.Name}"
        + (parameter.HasConstant ? $" = {parameter.Constant ?? "null"}" : "")));

    private static string Name(TypeReference type) => type switch
    {
        ByReferenceType reference => Name(reference.ElementType),
        ArrayType array => Name(array.ElementType) + "[]",
        RequiredModifierType modified => Name(modified.ElementType),
        GenericInstanceType { ElementType.FullName: "System.Nullable`1" } nullable => Name(nullable.GenericArguments[0]) + "?",
        GenericInstanceType generic => $"{Plain(generic.ElementType)}<{string.Join(", ", generic.GenericArguments.Select(Name))}>",
        _ => Plain(type),
    };

    private static string Plain(TypeReference type)
    {
        string name = type.IsGenericParameter ? type.Name : type.FullName.Replace('/', '.');
        int arity = name.IndexOf('`', StringComparison.Ordinal);
        return arity < 0 ? name : name[..arity];
    }

    private static bool IsVisible(TypeDefinition type) => type.IsPublic || ((type.IsNestedPublic || type.IsNestedFamily) && IsVisible(type.DeclaringType));

    private static bool IsVisible(MethodDefinition method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsAccessor(MethodDefinition method) => method.IsGetter || method.IsSetter || method.IsAddOn || method.IsRemoveOn;

    private static bool IsGenerated(MethodDefinition method) =>
        method.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "CompilerGeneratedAttribute");
}
