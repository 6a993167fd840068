namespace Fairway.LocalSilo.Tests;

[Alias("test.IHomelessGrain")]
public interface IHomelessGrain : IGrainWithStringKey
{
    [Alias("Touch")]
    Task Touch();
}

internal sealed class HomelessGrain([PersistentState("notes", "nowhere")] IPersistentState<Notes> notes) : Grain, IHomelessGrain
{
    public Task Touch() => notes.ReadStateAsync();
}
