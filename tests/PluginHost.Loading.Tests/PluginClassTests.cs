using System.Reflection;
using System.Reflection.Emit;
using PluginHost.Contracts;
using PluginHost.Loading.Tests.Support;

namespace PluginHost.Loading.Tests;

public sealed class PluginClassTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void An_abstract_class_is_refused() =>
        Assert.Contains("the [Plugin] class Odd is abstract or static", Refused(TypeAttributes.Abstract, []).What, StringComparison.Ordinal);

    [Fact]
    public void A_constructor_with_other_parameters_is_refused_naming_them() =>
        Assert.Contains("has no fitting constructor; found (System.String, System.Int32)", Refused(default, [typeof(string), typeof(int)]).What, StringComparison.Ordinal);

    [Fact]
    public void A_generic_class_is_refused() =>
        Assert.Contains("is generic", Refused(default, [], type => type.DefineGenericParameters("T")).What, StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    private PluginLoadException Refused(TypeAttributes attributes, Type[] constructor, Action<TypeBuilder>? define = null)
    {
        PersistedAssemblyBuilder assembly = new(new AssemblyName("Odd"), typeof(object).Assembly);
        TypeBuilder type = assembly.DefineDynamicModule("Odd").DefineType("Odd", TypeAttributes.Public | attributes);
        type.SetCustomAttribute(new CustomAttributeBuilder(typeof(PluginAttribute).GetConstructor([])!, []));
        define?.Invoke(type);
        ILGenerator body = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, constructor).GetILGenerator();
        body.Emit(OpCodes.Ret);
        type.CreateType();
        assembly.Save(Path.Combine(_folder.Path, "Odd.dll"));
        return Assert.Throws<PluginLoadException>(
            () => PluginLoader.Load(new LoadOptions { PluginId = "odd", Folder = _folder.Path, EntryAssembly = "Odd.dll" }));
    }
}
