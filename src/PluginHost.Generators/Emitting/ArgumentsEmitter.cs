using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits how a dispatcher reads arguments: by position, by name, or none.</summary>
internal static class ArgumentsEmitter
{
    public static void Emit(CodeWriter code, ValueCode values, string method, IReadOnlyList<MemberModel> parameters)
    {
        int required = parameters.Count(p => p.IsRequired);
        string count = parameters.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (MemberModel parameter in parameters)
        {
            code.Line($"{parameter.Type.Type} {DataEmitter.Local(parameter)} = {parameter.DefaultCode ?? "default!"};");
        }

        code.Open($"if (reader.Peek() == {Shapes.Invocation}ValueKind.Array)");
        ByPosition(code, values, method, parameters, required, count);
        code.Close().Open($"else if (reader.Peek() == {Shapes.Invocation}ValueKind.Map)");
        ByName(code, values, method, parameters, count);
        code.Close().Open("else if (!reader.TryReadNull())").Line(Throw(method, count, "\"neither an array, nor a map, nor null\"")).Close();
        if (required > 0)
        {
            code.Open("else").Line(Throw(method, count, "\"none\"")).Close();
        }

        code.Line();
    }

    private static string Throw(string method, string count, string found) =>
        $"throw {Shapes.FormatException}.Arguments({Shapes.Quote(method)}, {count}, {found});";

    private static void ByPosition(
        CodeWriter code, ValueCode values, string method, IReadOnlyList<MemberModel> parameters, int required, string count)
    {
        code.Line($"{Shapes.Invocation}ValueScope scope = reader.BeginArray();");
        code.Line("int found = 0;").Line("bool more = reader.NextElement(ref scope);");
        foreach (MemberModel parameter in parameters)
        {
            code.Open("if (more)").Line($"{DataEmitter.Local(parameter)} = {values.Read(parameter.Type, method, parameter.WireName)};");
            code.Line("found++;").Line("more = reader.NextElement(ref scope);").Close().Line();
        }

        code.Open("while (more)").Line("reader.Skip();").Line("found++;").Line("more = reader.NextElement(ref scope);").Close().Line();
        code.Open(required == 0 ? $"if (found > {count})" : $"if (found < {required} || found > {count})")
            .Line(Throw(method, count, "found.ToString(global::System.Globalization.CultureInfo.InvariantCulture)")).Close();
    }

    private static void ByName(CodeWriter code, ValueCode values, string method, IReadOnlyList<MemberModel> parameters, string count)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            if (parameters[i].IsRequired)
            {
                code.Line($"bool has{i} = false;");
            }
        }

        code.Line($"{Shapes.Invocation}ValueScope scope = reader.BeginMap();");
        code.Open("while (reader.NextName(ref scope, out global::System.ReadOnlySpan<byte> name))");
        for (int i = 0; i < parameters.Count; i++)
        {
            code.Open($"if (global::System.MemoryExtensions.SequenceEqual(name, {Shapes.Utf8(parameters[i].WireName)}))")
                .Line($"{DataEmitter.Local(parameters[i])} = {values.Read(parameters[i].Type, method, parameters[i].WireName)};");
            if (parameters[i].IsRequired)
            {
                code.Line($"has{i} = true;");
            }

            code.Line("continue;").Close().Line();
        }

        code.Line(Throw(method, count, "\"'\" + global::System.Text.Encoding.UTF8.GetString(name) + \"'\"")).Close();
        for (int i = 0; i < parameters.Count; i++)
        {
            if (parameters[i].IsRequired)
            {
                code.Line().Open($"if (!has{i})")
                    .Line($"throw {Shapes.FormatException}.MissingMember({Shapes.Quote(method)}, {Shapes.Quote(parameters[i].WireName)});").Close();
            }
        }
    }
}
