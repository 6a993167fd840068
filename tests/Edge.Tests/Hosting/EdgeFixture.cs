namespace Fairway.Edge.Tests;

/// <summary>One edge behind one scripted gateway for many tests; each uses services, lanes and users of its own.</summary>
public sealed class EdgeFixture : IAsyncLifetime
{
    private ScriptedGateway? _gateway;
    private EdgeServer? _edge;

    public ScriptedGateway Gateway => _gateway!;

    public EdgeServer Edge => _edge!;

    public async Task InitializeAsync()
    {
        _gateway = await ScriptedGateway.StartAsync();
        _gateway.SetLanes(("blue", ["declared"]), ("green", []));
        _edge = await EdgeServer.StartAsync(_gateway.Endpoint, ("Edge__EjectSeconds", "0.3"));
        await _edge.ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        if (_edge is not null)
        {
            await _edge.DisposeAsync();
        }

        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }
    }

    /// <summary>Lists a service and returns when the edge has it.</summary>
    public async Task PutAsync(string service, System.Text.Json.Nodes.JsonObject listing)
    {
        Gateway.Put(service, listing);
        await SeenAsync();
    }

    /// <summary>Returns when the edge has what the gateway has.</summary>
    public Task SeenAsync() => Soon.TrueAsync(
        async () => (await Edge.StatusAsync()).GetProperty("version").GetString() == Gateway.Version);
}

[CollectionDefinition(Name)]
public sealed class EdgeCollection : ICollectionFixture<EdgeFixture>
{
    public const string Name = "one edge";
}
