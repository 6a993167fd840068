namespace Fairway.Sdk.Orleans.Tests;

[Alias("test.INoteGrain")]
public interface INoteGrain : IGrainWithStringKey
{
    [Alias("Read")]
    Task<string> Read();

    [Alias("Write")]
    Task Write(string text);
}

[GenerateSerializer]
[Alias("test.Note")]
public sealed class Note
{
    [Id(0)]
    public string Text { get; set; } = "";
}

internal sealed class NoteGrain([PersistentState("note", SiloHost.Shared)] IPersistentState<Note> note) : Grain, INoteGrain
{
    public Task<string> Read() => Task.FromResult(note.State.Text);

    public Task Write(string text)
    {
        note.State.Text = text;
        return note.WriteStateAsync();
    }
}
