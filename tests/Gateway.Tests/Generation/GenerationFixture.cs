namespace Fairway.Gateway.Tests.Generation;

/// <summary>One Gateway and one model for the tests that bring users of their own.</summary>
public sealed class GenerationFixture : IAsyncLifetime
{
    internal ModelServer Model { get; private set; } = null!;

    internal Backend Backend { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Model = await ModelServer.StartAsync();
        Backend = await Backend.StartAsync(Model);
    }

    public async Task DisposeAsync()
    {
        await Backend.DisposeAsync();
        await Model.DisposeAsync();
    }
}
