using System.Globalization;
using System.Text.Json.Nodes;

namespace Fairway.Edge;

/// <summary>A gateway with one list that never changes: what the edge does beside requests is to wait.</summary>
internal sealed class ListServer(WebApplication app) : IAsyncDisposable
{
    public Uri Url => new(app.Urls.First());

    /// <param name="addresses">Of the instances of service <c>bench</c>.</param>
    public static async Task<ListServer> StartAsync(IReadOnlyList<string> addresses)
    {
        var instances = new JsonArray([.. addresses.Select((address, index) => (JsonNode?)new JsonObject
        {
            ["id"] = $"bench-{index:00000}", ["address"] = address, ["protocol"] = "http", ["zone"] = "a", ["lane"] = null,
            ["weight"] = 1 + (index % 7 * 0.1), ["score"] = 20.5, ["cpu"] = 0.25, ["memoryGib"] = 0.5, ["inFlight"] = index % 5, ["latencyMs"] = 12.5,
            ["rps"] = 80.0, ["errorRate"] = 0.001, ["state"] = "ready", ["ageMs"] = 700,
        })]);
        var document = new JsonObject
        {
            ["version"] = "bench-1", ["base"] = null, ["full"] = true, ["removed"] = new JsonArray(),
            ["services"] = new JsonObject { ["bench"] = new JsonObject { ["mode"] = "scored", ["policy"] = null, ["panic"] = new JsonArray(), ["instances"] = instances } },
            ["lanes"] = new JsonObject(), ["grey"] = new JsonObject(), ["offline"] = new JsonArray(), ["limits"] = new JsonObject(), ["gateways"] = new JsonArray(),
        };
        var text = document.ToJsonString();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/v1/edge/snapshot", async context =>
        {
            if (context.Request.Query["since"] == "bench-1")
            {
                var wait = context.Request.Query["wait"].ToString().TrimEnd('s');
                await Task.Delay(TimeSpan.FromSeconds(int.Parse(wait, CultureInfo.InvariantCulture)), TimeProvider.System, context.RequestAborted);
                context.Response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }

            await context.Response.WriteAsync(text);
        });
        await app.StartAsync();
        return new ListServer(app);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
