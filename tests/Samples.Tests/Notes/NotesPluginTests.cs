using PluginHost.TestKit;
using Samples.Contracts;
using Samples.Notes;

namespace Samples.Tests.Notes;

public sealed class NotesPluginTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string DataFolder => _folder.Folder("data");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_note_that_was_put_can_be_read_listed_and_deleted()
    {
        NotesPlugin notes = await StartAsync();

        await notes.PutAsync("shopping", "bread, käse 🧀", Token);
        Note note = await notes.GetAsync("shopping", Token);
        IReadOnlyList<string> before = await notes.ListAsync(null, Token);
        await notes.DeleteAsync("shopping", Token);

        Assert.Equal(("shopping", "bread, käse 🧀"), (note.Key, note.Text));
        Assert.Equal(["shopping"], before);
        Assert.Empty(await notes.ListAsync(null, Token));
    }

    [Fact]
    public async Task A_missing_note_is_the_declared_error_with_its_key()
    {
        NotesPlugin notes = await StartAsync();

        NoteNotFoundException read = await Assert.ThrowsAsync<NoteNotFoundException>(() => notes.GetAsync("none", Token));
        NoteNotFoundException deleted = await Assert.ThrowsAsync<NoteNotFoundException>(() => notes.DeleteAsync("none", Token));

        Assert.Equal("none", read.Key);
        Assert.Equal("There is no note with the key 'none'.", deleted.Message);
    }

    [Fact]
    public async Task A_restart_keeps_the_notes()
    {
        NotesPlugin first = await StartAsync();
        await first.PutAsync("a", "1", Token);

        NotesPlugin second = await StartAsync();

        Assert.Equal("1", (await second.GetAsync("a", Token)).Text);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("a/b\\c")]
    [InlineData("nul\0byte")]
    [InlineData("~41")]
    [InlineData("Ä ö 🧀")]
    [InlineData(" ")]
    [InlineData("x.note")]
    public async Task Any_key_is_a_note_of_its_own_inside_the_data_folder(string key)
    {
        NotesPlugin notes = await StartAsync();

        await notes.PutAsync(key, "text", Token);

        Assert.Equal([key], await notes.ListAsync(null, Token));
        Assert.Equal("text", (await notes.GetAsync(key, Token)).Text);
        string file = Assert.Single(Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories));
        Assert.Equal(Path.Combine(DataFolder, "notes"), Path.GetDirectoryName(file));
    }

    [Fact]
    public async Task Keys_that_differ_only_in_case_are_two_notes_with_two_file_names_on_any_system()
    {
        NotesPlugin notes = await StartAsync();

        await notes.PutAsync("Key", "upper", Token);
        await notes.PutAsync("key", "lower", Token);

        Assert.Equal("upper", (await notes.GetAsync("Key", Token)).Text);
        Assert.Equal(2, Directory.EnumerateFiles(DataFolder, "*.note", SearchOption.AllDirectories)
            .Select(Path.GetFileName).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public async Task The_longest_key_fits_and_one_byte_more_is_refused()
    {
        NotesPlugin notes = await StartAsync();
        string longest = new('X', NoteKey.MaxBytes);

        await notes.PutAsync(longest, "fits", Token);
        InvalidNoteKeyException refused = await Assert.ThrowsAsync<InvalidNoteKeyException>(() => notes.PutAsync(longest + "X", "", Token));

        Assert.Equal("fits", (await notes.GetAsync(longest, Token)).Text);
        Assert.Equal("A key has 1 to 80 bytes as UTF-8; this one has 81.", refused.Message);
    }

    [Fact]
    public async Task A_key_that_is_no_text_is_the_declared_error()
    {
        NotesPlugin notes = await StartAsync();

        foreach (string key in (string[])["", "half \ud83e"])
        {
            await Assert.ThrowsAsync<InvalidNoteKeyException>(() => notes.PutAsync(key, "x", Token));
            await Assert.ThrowsAsync<InvalidNoteKeyException>(() => notes.GetAsync(key, Token));
            await Assert.ThrowsAsync<InvalidNoteKeyException>(() => notes.DeleteAsync(key, Token));
        }
    }

    [Fact]
    public async Task A_list_is_in_ordinal_order_and_honours_the_prefix()
    {
        NotesPlugin notes = await StartAsync();
        foreach (string key in (string[])["b", "a/2", "B", "a/1", "ab"])
        {
            await notes.PutAsync(key, "", Token);
        }

        Assert.Equal(["B", "a/1", "a/2", "ab", "b"], await notes.ListAsync(null, Token));
        Assert.Equal(["a/1", "a/2"], await notes.ListAsync("a/", Token));
    }

    [Fact]
    public async Task Writers_and_readers_of_one_key_at_once_see_whole_notes_only()
    {
        NotesPlugin notes = await StartAsync();
        await notes.PutAsync("k", new string('0', 20_000), Token);

        Task[] writers = [.. Enumerable.Range(0, 8).Select(i => Task.Run(() => notes.PutAsync("k", new string((char)('0' + i), 20_000), Token)))];
        Note[] read = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => notes.GetAsync("k", Token))));
        await Task.WhenAll(writers);

        Assert.All(read, note => Assert.Equal(new string(note.Text[0], 20_000), note.Text));
        Assert.Single(Directory.EnumerateFiles(DataFolder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Of_two_that_delete_one_note_at_once_one_succeeds()
    {
        NotesPlugin notes = await StartAsync();
        await notes.PutAsync("k", "x", Token);

        bool[] succeeded = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => DeletesAsync(notes))));

        Assert.Single(succeeded, true);
    }

    [Fact]
    public async Task A_cancelled_put_leaves_the_old_note_and_no_other_file()
    {
        NotesPlugin notes = await StartAsync();
        await notes.PutAsync("k", "old", Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => notes.PutAsync("k", "new", new CancellationToken(canceled: true)));

        Assert.Equal("old", (await notes.GetAsync("k", Token)).Text);
        Assert.Single(Directory.EnumerateFiles(DataFolder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_start_logs_how_many_notes_there_are()
    {
        NotesPlugin first = await StartAsync();
        await first.PutAsync("a", "1", Token);
        using MemoryPluginContext context = new(DataFolder);

        await new NotesPlugin(context).StartAsync(Token);

        Assert.Equal(["Opened the store with 1 notes"], context.Log.Messages());
    }

    private static async Task<bool> DeletesAsync(NotesPlugin notes)
    {
        try
        {
            await notes.DeleteAsync("k", Token);
            return true;
        }
        catch (NoteNotFoundException)
        {
            return false;
        }
    }

    private async Task<NotesPlugin> StartAsync()
    {
        using MemoryPluginContext context = new(DataFolder);
        NotesPlugin notes = new(context);
        await notes.StartAsync(Token);
        return notes;
    }
}
