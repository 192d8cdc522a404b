using Mono.Cecil;
using Mono.Cecil.Cil;

namespace PluginHost.Architecture.Tests.Support;

/// <summary>
/// What a type uses: in its head, its members' signatures and attributes, and its code. Async methods, lambdas and local functions are nested
/// types and methods of their own and are found as such. Constants and <c>nameof</c> leave no trace.
/// </summary>
internal static class Uses
{
    /// <summary>The types that a type names, generic arguments and elements taken apart. May repeat.</summary>
    public static IEnumerable<TypeReference> Of(TypeDefinition type) => Named(type).OfType<TypeReference>().SelectMany(Parts);

    private static IEnumerable<TypeReference?> Named(TypeDefinition type)
    {
        IEnumerable<TypeReference?> head =
        [
            type.BaseType,
            .. type.Interfaces.Select(implemented => implemented.InterfaceType),
            .. type.GenericParameters.SelectMany(OfParameter),
            .. OfAttributes(type),
            .. type.Fields.SelectMany(field => OfAttributes(field).Append(field.FieldType)),
            .. type.Properties.SelectMany(property => OfAttributes(property).Append(property.PropertyType)),
            .. type.Events.SelectMany(raised => OfAttributes(raised).Append(raised.EventType)),
        ];
        return head.Concat(type.Methods.SelectMany(OfMethod));
    }

    private static IEnumerable<TypeReference?> OfMethod(MethodDefinition method)
    {
        IEnumerable<TypeReference?> signature =
        [
            method.ReturnType,
            .. method.Parameters.SelectMany(parameter => OfAttributes(parameter).Append(parameter.ParameterType)),
            .. method.GenericParameters.SelectMany(OfParameter),
            .. OfAttributes(method),
        ];
        return method.HasBody ? signature.Concat(OfBody(method.Body)) : signature;
    }

    private static IEnumerable<TypeReference?> OfBody(MethodBody body) =>
        body.Variables.Select(variable => variable.VariableType)
            .Concat(body.ExceptionHandlers.Select(handler => handler.CatchType))
            .Concat(body.Instructions.SelectMany(instruction => OfOperand(instruction.Operand)));

    private static IEnumerable<TypeReference?> OfOperand(object? operand) => operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        GenericInstanceMethod method => [.. OfSignature(method), .. method.GenericArguments],
        MethodReference method => OfSignature(method),
        CallSite site => [site.ReturnType, .. site.Parameters.Select(parameter => parameter.ParameterType)],
        _ => [],
    };

    private static IEnumerable<TypeReference?> OfSignature(MethodReference method) =>
        [method.DeclaringType, method.ReturnType, .. method.Parameters.Select(parameter => parameter.ParameterType)];

    private static IEnumerable<TypeReference?> OfParameter(GenericParameter parameter) =>
        parameter.Constraints.Select(constraint => constraint.ConstraintType);

    private static IEnumerable<TypeReference?> OfAttributes(ICustomAttributeProvider provider) => provider.CustomAttributes.SelectMany(attribute =>
        attribute.ConstructorArguments.Select(argument => argument.Value as TypeReference).Append(attribute.AttributeType));

    private static IEnumerable<TypeReference> Parts(TypeReference type) => type switch
    {
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType),
        FunctionPointerType pointer => pointer.Parameters.SelectMany(parameter => Parts(parameter.ParameterType)).Concat(Parts(pointer.ReturnType)),
        RequiredModifierType modified => Parts(modified.ElementType).Concat(Parts(modified.ModifierType)),
        OptionalModifierType modified => Parts(modified.ElementType).Concat(Parts(modified.ModifierType)),
        TypeSpecification element => Parts(element.ElementType),
        GenericParameter => [],
        _ => [type],
    };
}
