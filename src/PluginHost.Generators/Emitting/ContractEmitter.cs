using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits everything of one contract but the readers and writers, which an assembly's contracts share.</summary>
internal static class ContractEmitter
{
    public static string Emit(ContractModel contract, string assembly)
    {
        string prefix = $"global::{Shapes.ValuesSpace(assembly)}.";
        ValueCode values = new(prefix + "ContractValues.", new DetachRules(contract.Data));
        string space = Shapes.SpaceOf(contract);
        CodeWriter code = new();
        code.Line($"[assembly: {Shapes.Invocation}ContractBinding(typeof({contract.InterfaceCode}), typeof(global::{space}.{contract.Name}Contract))]").Line();
        code.Namespace(space);
        DescriptorEmitter.Emit(code, contract);
        code.Line();
        GuardEmitter.Emit(code, contract, values);
        code.Line();
        ProxyEmitter.Emit(code, contract, values);
        code.Line();
        DispatcherEmitter.Emit(code, contract, values, prefix);
        ErrorEmitter.Emit(code, contract, values);
        return code.ToString();
    }
}
