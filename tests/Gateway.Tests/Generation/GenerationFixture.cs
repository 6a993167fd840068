using Fairway.Core.Lanes;

namespace Fairway.Gateway.Tests.Generation;

/// <summary>One Gateway and one model for the tests that bring users of their own.</summary>
public sealed class GenerationFixture : IAsyncLifetime
{
    private const string Secret = "a key that only tests know";

    /// <summary>Those that the Gateway signs labels with.</summary>
    internal static LabelKeys Keys { get; } = new(new Dictionary<string, string> { ["k"] = Secret }, null);

    internal ModelServer Model { get; private set; } = null!;

    internal Backend Backend { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Model = await ModelServer.StartAsync();
        Backend = await Backend.StartAsync(Model, $"--Lanes:Keys:k={Secret}");
    }

    public async Task DisposeAsync()
    {
        await Backend.DisposeAsync();
        await Model.DisposeAsync();
    }
}
