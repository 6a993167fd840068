using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Directory;

/// <summary>Where others reach this process.</summary>
internal sealed class GatewayAddress(IServer server, IOptions<GatewayOptions> options)
{
    /// <summary><c>ip:port</c>; null until the server listens.</summary>
    public string? Current => options.Value.AdvertiseAddress
        ?? (server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } first
            ? new Uri(first.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal)).Authority
            : null);
}
