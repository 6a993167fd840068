using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Fairway.Exporter;

/// <summary>Where this process serves its metrics; known once the server has bound its port.</summary>
internal sealed class ListenAddress
{
    private readonly TaskCompletionSource<Uri> _bound = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ListenAddress(IServer server, IHostApplicationLifetime lifetime) => lifetime.ApplicationStarted.Register(() =>
        _bound.TrySetResult(new Uri(server.Features.Get<IServerAddressesFeature>()!.Addresses.First())));

    public Task<Uri> Bound => _bound.Task;
}
