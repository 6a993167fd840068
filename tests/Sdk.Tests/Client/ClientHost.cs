using Fairway.Sdk.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Sdk.Tests.Client;

/// <summary>A process that calls others: the client as <see cref="FairwayClientExtensions.AddFairwayClient"/> makes it.</summary>
internal sealed class ClientHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public ClientHost(string[] gateways, Action<FairwayClientOptions>? configure = null, IRequestRouter? router = null)
    {
        var services = new ServiceCollection();
        if (router is not null)
        {
            services.AddSingleton(router);
        }

        services.AddFairwayClient(options =>
        {
            options.Gateways = gateways;
            options.FirstListSeconds = 30;
            configure?.Invoke(options);
        });
        _services = services.BuildServiceProvider();
        Http = _services.GetRequiredService<IHttpClientFactory>().CreateClient(FairwayClientExtensions.ClientName);
    }

    public HttpClient Http { get; }

    public DirectoryReader Reader => _services.GetRequiredService<DirectoryReader>();

    /// <summary>This process's requests in flight to an instance of <c>orders</c>, base.</summary>
    public int InFlight(string id) => Endpoint(id).InFlight;

    public Core.Balancing.Endpoint Endpoint(string id) =>
        _services.GetRequiredService<ServiceCallers>().Of(Reader.Current.Find("orders")!, "").List.Endpoints.ToArray().Single(endpoint => endpoint.Id == id);

    /// <summary>Ids that answered, in order.</summary>
    public async Task<List<string>> GetAsync(int times, string url = "http://orders/")
    {
        var ids = new List<string>();
        for (var i = 0; i < times; i++)
        {
            ids.Add(await Http.GetStringAsync(new Uri(url)));
        }

        return ids;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
