using PluginHost.Generators.Model;

namespace PluginHost.Generators.Emitting;

/// <summary>Emits the writer, reader and copier of one record, class or struct.</summary>
internal static class DataEmitter
{
    public static void Emit(CodeWriter code, ValueCode values, DataModel data)
    {
        Write(code, values, data);
        Read(code, values, data);
        if (values.NeedsDetach(data.Type))
        {
            CollectionEmitter.OpenDetach(code, data.Type);
            New(code, "return", data, m => true, m => values.Detach(m.Type, "value." + Name(m)));
            code.Close();
        }
    }

    /// <summary>Emits the loop over a map's names: each known member into its variable, the others skipped.</summary>
    public static void ReadMembers(CodeWriter code, ValueCode values, string owner, IReadOnlyList<MemberModel> members)
    {
        code.Line($"{Shapes.Invocation}ValueScope scope = reader.BeginMap();");
        code.Open("while (reader.NextName(ref scope, out global::System.ReadOnlySpan<byte> name))");
        if (members.Count > 0)
        {
            code.Open("switch (name.Length)");
            foreach (IGrouping<int, (MemberModel Member, int Index)> group in members
                .Select((m, i) => (m, i)).GroupBy(p => Shapes.Utf8Length(p.m.WireName)).OrderBy(g => g.Key))
            {
                code.Open($"case {group.Key}:");
                foreach ((MemberModel member, int index) in group)
                {
                    code.Open($"if (global::System.MemoryExtensions.SequenceEqual(name, {Shapes.Utf8(member.WireName)}))")
                        .Line($"{Local(member)} = {values.Read(member.Type, owner, member.WireName)};");
                    if (Tracks(member))
                    {
                        code.Line($"has{index} = true;");
                    }

                    code.Line("continue;").Close().Line();
                }

                code.Line("break;").Close();
            }

            code.Close().Line();
        }

        code.Line("reader.Skip();").Close().Line();
        for (int i = 0; i < members.Count; i++)
        {
            if (members[i].IsRequired)
            {
                code.Open($"if (!has{i})")
                    .Line($"throw {Shapes.FormatException}.MissingMember({Shapes.Quote(owner)}, {Shapes.Quote(members[i].WireName)});").Close().Line();
            }
        }
    }

    /// <summary>Emits the variables that <see cref="ReadMembers"/> fills.</summary>
    public static void Locals(CodeWriter code, IReadOnlyList<MemberModel> members)
    {
        for (int i = 0; i < members.Count; i++)
        {
            code.Line($"{members[i].Type.Type} {Local(members[i])} = {members[i].DefaultCode ?? "default!"};");
            if (Tracks(members[i]))
            {
                code.Line($"bool has{i} = false;");
            }
        }
    }

    /// <summary>The variable that holds a member while its owner is read.</summary>
    public static string Local(MemberModel member) => member.WireName + "Value";

    private static string Name(MemberModel member) => "@" + member.Name;

    private static bool Tracks(MemberModel member) => member.IsRequired || member.DefaultCode is null;

    private static void Write(CodeWriter code, ValueCode values, DataModel data)
    {
        CollectionEmitter.OpenWrite(code, data.Type).Line($"writer.BeginMap({data.Members.Count});");
        foreach (MemberModel member in data.Members)
        {
            code.Line($"writer.WriteName({Shapes.Utf8(member.WireName)});");
            values.Write(code, member.Type, "value." + Name(member), data.Type.Display, member.WireName);
        }

        code.Line("writer.EndMap();").Close();
    }

    private static void Read(CodeWriter code, ValueCode values, DataModel data)
    {
        CollectionEmitter.OpenRead(code, data.Type);
        Locals(code, data.Members);
        ReadMembers(code, values, data.Type.Display, data.Members);
        List<(MemberModel Member, int Index)> optional =
            [.. data.Members.Select((m, i) => (m, i)).Where(p => !p.m.IsParameter && !p.m.IsRequired)];
        if (optional.Count > 0)
        {
            // What the message leaves out keeps the value that the type gives it.
            code.Open($"if (!({string.Join(" && ", optional.Select(p => $"has{p.Index}"))}))");
            New(code, $"{data.Type.Code} blank =", data, m => m.IsParameter || m.IsRequired, Local);
            foreach ((MemberModel member, int index) in optional)
            {
                code.Line($"{Local(member)} = has{index} ? {Local(member)} : blank.{Name(member)};");
            }

            code.Close().Line();
        }

        New(code, "return", data, m => true, Local);
        code.Close();
    }

    private static void New(CodeWriter code, string start, DataModel data, Func<MemberModel, bool> include, Func<MemberModel, string> value)
    {
        string arguments = string.Join(", ", data.Members.Where(m => m.IsParameter).Select(value));
        List<MemberModel> set = [.. data.Members.Where(m => (!m.IsParameter || m.MustSet) && include(m))];
        code.Line($"{start} new {data.Type.Code}({arguments}){(set.Count == 0 ? ";" : string.Empty)}");
        if (set.Count == 0)
        {
            return;
        }

        code.Begin();
        foreach (MemberModel member in set)
        {
            code.Line($"{Name(member)} = {value(member)},");
        }

        code.Close(";");
    }
}
