using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Sdk.Client;
using Fairway.Sdk.Lanes;
using Microsoft.Extensions.DependencyInjection;
using ServiceEntry = Fairway.Sdk.Client.ServiceEntry;

namespace Fairway.Sdk.Tests.Lanes;

public sealed class LaneRequestRouterTests
{
    /// <summary>The Sdk decides as the Gateway and the edge do: every case of docs/lanes.md.</summary>
    [Fact]
    public void Route_CasesOfTheDocument_HoldTrueHereToo()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "lanes", "routes.json")));
        var checkedCases = 0;
        foreach (var route in vectors.RootElement.GetProperty("routes").EnumerateArray())
        {
            var lane = Text(route, "label");
            if (lane is not null && !Label.IsValid(lane))
            {
                continue; // such a label does not come in
            }

            using var scope = LaneContext.Use(Label.Of(lane, false, Texts(route, "requestOffline")));
            var service = Service(route);
            var directory = Directory(route, service);
            using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
            var decided = Router().Route(request, service, directory);

            Assert.Equal(Text(route, "code"), decided.Code);
            if (decided.Code is null)
            {
                Assert.Equal(Text(route, "lane") ?? "", decided.Lane);
                Assert.Equal(
                    Texts(route, "candidates"),
                    service.Serving(decided.Lane).Where(view => !directory.Offline.Contains(view.Address) && decided.Offline?.Contains(view.Address) is not true)
                        .Select(view => view.Id));
                Assert.True(request.Options.TryGetValue(LaneEgress.InHouse, out var ours) && ours);
            }

            checkedCases++;
        }

        Assert.InRange(checkedCases, 30, 1000);
    }

    private static LaneRequestRouter Router() =>
        new(new LaneRouteMetrics(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>()));

    private static ServiceEntry Service(JsonElement route) => new()
    {
        Name = "orders",
        Mode = ServicePolicy.Scored,
        Panic = [.. Texts(route, "panic")],
        Instances =
        [
            .. route.GetProperty("instances").EnumerateArray().Select(instance => new InstanceView
            {
                Id = Text(instance, "id")!,
                Address = Text(instance, "address")!,
                Protocol = "http",
                Zone = "",
                Lane = Text(instance, "lane") ?? "",
                State = Enum.Parse<InstanceState>(Text(instance, "state")!, ignoreCase: true),
            }),
        ],
    };

    private static ServiceDirectory Directory(JsonElement route, ServiceEntry service) => new()
    {
        Version = "e-1",
        Services = ServiceDirectory.Empty.Services.Add(service.Name, service),
        Lanes = route.GetProperty("lanes").EnumerateArray().ToImmutableDictionary(
            lane => Text(lane, "lane")!,
            lane => lane.GetProperty("declares").GetBoolean() ? ImmutableHashSet.Create("orders") : ImmutableHashSet<string>.Empty),
        Offline = [.. Texts(route, "routerOffline")],
    };

    private static string? Text(JsonElement from, string name) => from.GetProperty(name).GetString();

    private static IEnumerable<string> Texts(JsonElement from, string name) => from.GetProperty(name).EnumerateArray().Select(item => item.GetString()!);
}
