namespace Fairway.Micro;

[Alias("Fairway.Micro.IEchoGrain")]
public interface IEchoGrain : IGrainWithStringKey
{
    /// <summary>Gives the value back after a yield, as a handler does that waits for something.</summary>
    [Alias("Yielding")]
    Task<int> Yielding(int value);

    /// <summary>Gives the value back at once.</summary>
    [Alias("Plain")]
    Task<int> Plain(int value);
}

public sealed class EchoGrain : Grain, IEchoGrain
{
    public async Task<int> Yielding(int value)
    {
        await Task.Yield();
        return value;
    }

    public Task<int> Plain(int value) => Task.FromResult(value);
}
