using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>
/// Says which types can hold an object whose class a plugin wrote: collection interfaces, unsealed framework classes, and whatever holds them.
/// All others cross in-process as they are.
/// </summary>
internal sealed class DetachRules
{
    private readonly Dictionary<string, DataModel> _data = [];
    private readonly HashSet<string> _held = [];

    public DetachRules(IEnumerable<DataModel> data)
    {
        foreach (DataModel model in data)
        {
            _data[model.Type.Id] = model;
        }

        // A type may hold itself, so what holds is found by adding until nothing is added.
        bool added = true;
        while (added)
        {
            added = false;
            foreach (DataModel model in _data.Values)
            {
                added |= !_held.Contains(model.Type.Id) && model.Members.Any(m => Needs(m.Type)) && _held.Add(model.Type.Id);
            }
        }
    }

    public bool Needs(TypeRef type) => type.Shape switch
    {
        TypeShape.List or TypeShape.Sequence or TypeShape.Dictionary or TypeShape.Map or TypeShape.Tuple or TypeShape.Uri => true,
        TypeShape.Memory or TypeShape.ReadOnlyMemory or TypeShape.MemoryOwner => true,
        TypeShape.Array or TypeShape.ImmutableArray or TypeShape.Nullable or TypeShape.ValueTuple => type.Items.Any(Needs),
        TypeShape.Data => _held.Contains(type.Id),
        _ => false,
    };
}
