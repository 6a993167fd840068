namespace Fairway.LocalSilo.Tests;

[GenerateSerializer]
[Alias("test.Notes")]
public sealed class Notes
{
    [Id(0)]
    public List<string> Lines { get; set; } = [];

    [Id(1)]
    public Dictionary<string, int> Counts { get; set; } = [];
}

[Alias("test.INotesGrain")]
public interface INotesGrain : IGrainWithStringKey
{
    [Alias("Add")]
    Task Add(string line);

    [Alias("Save")]
    Task Save();

    [Alias("Reload")]
    Task Reload();

    [Alias("Clear")]
    Task Clear();

    [Alias("Text")]
    Task<string> Text();

    /// <summary>What the other storage has under the name of the first one's state.</summary>
    [Alias("SameText")]
    Task<string> SameText();

    [Alias("Conflict")]
    Task Conflict();

    [Alias("End")]
    Task End();
}

internal sealed class NotesGrain(
    [PersistentState("notes")] IPersistentState<Notes> notes,
    [PersistentState("others", "other")] IPersistentState<Notes> others,
    [PersistentState("notes", "other")] IPersistentState<Notes> same) : Grain, INotesGrain
{
    public Task Add(string line)
    {
        notes.State.Lines.Add(line);
        notes.State.Counts[line] = notes.State.Counts.GetValueOrDefault(line) + 1;
        return Task.CompletedTask;
    }

    public Task Save() => notes.WriteStateAsync();

    public Task Reload() => notes.ReadStateAsync();

    public Task Clear() => notes.ClearStateAsync();

    public Task<string> Text() =>
        Task.FromResult($"{string.Join(",", notes.State.Lines)} {notes.State.Counts.Values.Sum()} {notes.RecordExists} {others.State.Lines.Count} {others.RecordExists}");

    public async Task<string> SameText()
    {
        await same.ReadStateAsync();
        return $"{string.Join(",", same.State.Lines)} {same.RecordExists}";
    }

    public Task Conflict() => throw new Orleans.Storage.InconsistentStateException("as a store would", "1", "2");

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
