using Fairway.Gateway.Auth;
using Fairway.Gateway.Auth.Users;
using Fairway.Gateway.Directory;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Fairway.Gateway;

/// <summary>
/// Tells whoever started the process, on standard output: <c>TOKEN jwt</c> of the demo user where this process can sign one, <c>ADMIN key</c> when one was made up, <c>ETCD url</c>, and last
/// <c>READY url</c> once the Gateway serves and the first listing is in.
/// </summary>
internal sealed class Announcer(
    Keys keys, Users users, DirectoryStore store, RegistryEndpoints registry, IServer server, IHostApplicationLifetime lifetime) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Started(stoppingToken);
        if (users.MintDemoToken() is { } token)
        {
            Console.WriteLine($"TOKEN {token}");
        }

        if (keys.MadeUpAdminKey is { } key)
        {
            Console.WriteLine($"ADMIN {key}");
        }

        Console.WriteLine($"ETCD {registry.Urls}");
        for (var snapshot = store.Current; !snapshot.Ready; snapshot = store.Current)
        {
            var list = new ListId(ListKind.Edge);
            await store.ChangeAsync(list, snapshot.Epoch, list.CounterIn(snapshot), stoppingToken);
        }

        Console.WriteLine($"READY {server.Features.Get<IServerAddressesFeature>()!.Addresses.First()}");
    }

    private async Task Started(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
    }
}
