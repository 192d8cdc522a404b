using PluginHost.Runtime.Catalog;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.Catalog;

public class PluginCatalogTests
{
    [Fact]
    public void One_bad_plugin_does_not_stop_the_others()
    {
        using var temp = new TempFolder();
        Plugin(temp, "good", "my.good");
        temp.Write("bad/plugin.json", "{");
        temp.Write("none/readme.txt", "");
        temp.Write(".hidden/plugin.json", "{");
        temp.Write("file.txt", "");

        var result = PluginCatalog.Scan(temp.Path);

        Assert.Empty(result.Problems);
        Assert.Equal(["bad", "good"], result.Entries.Select(e => Path.GetFileName(e.Folder)));
        Assert.Equal((null, "my.good"), (result.Entries[0].Manifest, result.Entries[1].Manifest?.Id));
        Assert.Single(result.Entries[0].Problems);
    }

    [Fact]
    public void Nobody_gains_by_claiming_the_id_of_another()
    {
        using var temp = new TempFolder();
        Plugin(temp, "real", "my.plugin");
        Plugin(temp, "thief", "MY.plugin");
        Plugin(temp, "other", "my.other");

        var result = PluginCatalog.Scan(temp.Path);

        Assert.Equal(["my.other"], result.Entries.Where(e => e.Manifest is not null).Select(e => e.Manifest!.Id));
        foreach (var refused in result.Entries.Where(e => e.Manifest is null))
        {
            Assert.Contains(temp["real"], refused.Problems.Single().Message, StringComparison.Ordinal);
            Assert.Contains(temp["thief"], refused.Problems.Single().Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_missing_directory_is_one_clear_problem()
    {
        using var temp = new TempFolder();

        var result = PluginCatalog.Scan(temp["absent"]);

        Assert.Empty(result.Entries);
        Assert.Equal($"{temp["absent"]}: the plugins directory does not exist. Create it, or name the directory whose subfolders are the plugins.", result.Problems.Single().ToString());
    }

    private static void Plugin(TempFolder temp, string folder, string id)
    {
        temp.Write($"{folder}/P.dll", "");
        temp.Write($"{folder}/plugin.json", $$"""{ "id": "{{id}}", "version": "1.0.0", "entry": "P.dll", "contracts": ["I@1"] }""");
    }
}
