using System.Globalization;
using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits a contract's description: its names, methods and factories.</summary>
internal static class DescriptorEmitter
{
    public static void Emit(CodeWriter code, ContractModel contract)
    {
        string descriptor = contract.Name + "Contract";
        code.Line($"/// <summary>Describes the contract {contract.FullName}.</summary>");
        code.Line(CodeWriter.Stamp).Open($"internal sealed class {descriptor} : {Shapes.Invocation}ContractDescriptor");
        foreach (MethodModel method in contract.Methods)
        {
            code.Open($"internal static readonly {Shapes.Invocation}ContractMethod Method{method.Index} = new({method.Index}, {Shapes.Quote(method.Name)}, {Shapes.Quote(method.WireName)})");
            if (method.TimeoutTicks is { } ticks)
            {
                code.Line($"Timeout = global::System.TimeSpan.FromTicks({ticks.ToString(CultureInfo.InvariantCulture)}L),");
            }

            if (method.IsIdempotent)
            {
                code.Line("IsIdempotent = true,");
            }

            if (!method.IsAsync)
            {
                code.Line("IsSynchronous = true,");
            }

            code.Line($"Parameters = [{string.Join(", ", method.Parameters.Where(p => p.Type is not null).Select(p => Shapes.Quote(p.WireName)))}],");
            code.Close(";").Line();
        }

        code.Line($"private static readonly {Shapes.Invocation}ContractMethod[] s_methods = [{string.Join(", ", contract.Methods.Select(m => $"Method{m.Index}"))}];").Line();
        code.Line($"public static {descriptor} Instance {{ get; }} = new();").Line();
        code.Line($"public override string Name => {Shapes.Quote(contract.FullName)};").Line();
        code.Line($"public override int Major => {contract.Major.ToString(CultureInfo.InvariantCulture)};").Line();
        code.Line($"public override global::System.Type InterfaceType => typeof({contract.InterfaceCode});").Line();
        code.Line($"public override global::System.Collections.Generic.IReadOnlyList<{Shapes.Invocation}ContractMethod> Methods => s_methods;").Line();
        code.Line($"public override object CreateProxy({Shapes.Invocation}IInvoker invoker) => new {contract.Name}Proxy(invoker);").Line();
        code.Line($"public override {Shapes.Invocation}Guard CreateGuard({Shapes.Invocation}GuardSite site) => new {contract.Name}Guard(site);").Line();
        code.Line($"public override {Shapes.Invocation}Dispatcher CreateDispatcher(object target) => new {contract.Name}Dispatcher(({contract.InterfaceCode})target);");
        code.Close();
    }
}
