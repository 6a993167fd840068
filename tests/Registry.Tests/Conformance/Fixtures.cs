using Fairway.Registry.Etcd;
using Fairway.Registry.Memory;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Registry.Tests.Conformance;

public interface IRegistryFixture
{
    IRegistry Registry { get; }

    IRegistry RegistryWithPagesOf10 { get; }
}

public sealed class MemoryFixture : IRegistryFixture, IDisposable
{
    private readonly MemoryRegistry _registry = new();

    public IRegistry Registry => _registry;

    public IRegistry RegistryWithPagesOf10 => _registry;

    public void Dispose() => _registry.Dispose();
}

/// <summary>The client against the embedded server.</summary>
public sealed class ServedMemoryFixture : IRegistryFixture, IAsyncLifetime
{
    private readonly MemoryRegistry _registry = new();
    private MemoryRegistryServer? _server;
    private EtcdClients? _clients;

    public IRegistry Registry => _clients!.Registry;

    public IRegistry RegistryWithPagesOf10 => _clients!.Paged;

    public Uri Endpoint => _server!.Endpoint;

    public async Task InitializeAsync()
    {
        _server = await MemoryRegistryServer.StartAsync(_registry);
        _clients = new EtcdClients(_server.Endpoint);
    }

    public async Task DisposeAsync()
    {
        _clients!.Dispose();
        await _server!.DisposeAsync();
        _registry.Dispose();
    }
}

/// <summary>The client against a real etcd.</summary>
public sealed class EtcdFixture : IRegistryFixture, IAsyncLifetime
{
    private EtcdClients? _clients;

    public EtcdServer Server { get; private set; } = null!;

    public IRegistry Registry => _clients!.Registry;

    public IRegistry RegistryWithPagesOf10 => _clients!.Paged;

    public async Task InitializeAsync()
    {
        Server = await EtcdServer.StartAsync();
        _clients = new EtcdClients(Server.Endpoint);
    }

    public async Task DisposeAsync()
    {
        _clients!.Dispose();
        await Server.DisposeAsync();
    }
}

public sealed class EtcdClients(Uri endpoint) : IDisposable
{
    public EtcdRegistry Registry { get; } = new(Options.Create(new EtcdOptions { Endpoints = [endpoint.ToString()] }));

    /// <summary>Small pages, and a password where the server asks for none.</summary>
    public EtcdRegistry Paged { get; } = new(Options.Create(new EtcdOptions { Endpoints = [endpoint.ToString()], PageSize = 10, User = "anyone", Password = "ignored" }));

    public void Dispose()
    {
        Registry.Dispose();
        Paged.Dispose();
    }
}

public sealed class MemoryRegistryConformance(MemoryFixture fixture) : RegistryConformance(fixture), IClassFixture<MemoryFixture>;

public sealed class ServedMemoryRegistryConformance(ServedMemoryFixture fixture)
    : RegistryConformance(fixture), IClassFixture<ServedMemoryFixture>;

public sealed class EtcdRegistryConformance(EtcdFixture fixture) : RegistryConformance(fixture), IClassFixture<EtcdFixture>;
