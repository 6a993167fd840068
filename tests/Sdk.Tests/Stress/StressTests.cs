using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Fairway.Core.Lanes;
using Fairway.Registry;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Sdk.Configuration;
using Fairway.Sdk.Stress;
using Fairway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.Tests.Stress;

/// <summary>A service over two real databases and a cache, called with and without the mark of a stress test.</summary>
public sealed class StressTests(ShopAndShadow databases) : IClassFixture<ShopAndShadow>, IDisposable
{
    private const string Secret = "a-secret-for-tests-of-labels";

    private readonly MemoryRegistry _registry = new();

    public void Dispose() => _registry.Dispose();

    [Fact]
    public async Task Run_HalfPasses_PrimaryIsUntouchedAndShadowHasTheRest()
    {
        await RuleAsync(5000);
        await using var service = await StartAsync();
        await service.GetAsync("/cache/set/a", "ann", stress: false);
        await using var shadow = databases.Open("shadow");
        var (before, shadowed) = (await ChecksumAsync(), await CountAsync(shadow));

        var answers = new List<(string User, HttpStatusCode Status)>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var user = string.Create(CultureInfo.InvariantCulture, $"user-{i}");
            using var answer = await service.GetAsync("/order", user, stress: true);
            using var cached = await service.GetAsync("/cache/set/stress", user, stress: true);
            Assert.Equal(HttpStatusCode.OK, cached.StatusCode);
            lock (answers)
            {
                answers.Add((user, answer.StatusCode));
            }
        });

        Assert.Equal(before, await ChecksumAsync());
        var passed = answers.Where(answer => answer.Status == HttpStatusCode.OK).Select(answer => answer.User).ToList();
        Assert.All(answers, answer => Assert.Equal(
            EntryRule.Bucket("s1", answer.User) < 5000 ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, answer.Status));
        Assert.Equal(passed.Count, await CountAsync(shadow) - shadowed);
        Assert.Equal("stress", await (await service.GetAsync("/cache/get", "ann", stress: true)).Content.ReadAsStringAsync());
        Assert.Equal("a", await (await service.GetAsync("/cache/get", "ann", stress: false)).Content.ReadAsStringAsync());

        // A connection that a stress request used goes back to its own pool.
        await using var primary = databases.Open("shop");
        var count = await CountAsync(primary);
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync("/order", "bob", stress: false)).StatusCode);
        Assert.Equal(count + 1, await CountAsync(primary));
    }

    [Fact]
    public async Task Threshold_UnknownChangedBroken_ActsWhileRunning()
    {
        await using var service = await StartAsync();
        await AssertRefusedAsync(await service.GetAsync("/order", "ann", stress: true), HttpStatusCode.ServiceUnavailable, "STRESS_CACHE_ONLY");

        await RuleAsync(10_000);
        await Eventually.TrueAsync(async () => (await service.GetAsync("/order", "ann", stress: true)).StatusCode == HttpStatusCode.OK);

        // Who has no key has no bucket.
        await AssertRefusedAsync(await service.GetAsync("/order", null, stress: true), HttpStatusCode.ServiceUnavailable, "STRESS_CACHE_ONLY");

        await _registry.PutAsync(RegistryKeys.Stress("orders"), "{ broken"u8.ToArray());
        await Eventually.TrueAsync(async () => (await service.GetAsync("/order", "ann", stress: true)).StatusCode == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync("/order", "ann", stress: false)).StatusCode);
    }

    [Fact]
    public async Task Shadow_NotRegistered_IsRefusedAndThePrimaryUntouched()
    {
        await RuleAsync(10_000);
        await using var service = await StartAsync(withShadow: false);
        var before = await ChecksumAsync();

        await AssertRefusedAsync(await service.GetAsync("/order", "ann", stress: true), HttpStatusCode.InternalServerError, "SHADOW_MISSING");
        await AssertRefusedAsync(await service.GetAsync("/topic/unshadowed", "ann", stress: true), HttpStatusCode.InternalServerError, "SHADOW_MISSING");

        Assert.Equal(before, await ChecksumAsync());
        Assert.Equal("orders-shadow", await (await service.GetAsync("/topic/orders", "ann", stress: true)).Content.ReadAsStringAsync());
        Assert.Equal("orders", await (await service.GetAsync("/topic/orders", "ann", stress: false)).Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("header:x-tenant")]
    [InlineData("cookie:tenant")]
    [InlineData("uri")]
    public async Task Key_OfOtherKinds_DecidesTheBucket(string key)
    {
        var value = key == "uri" ? "/order" : "acme";
        await RuleAsync(EntryRule.Bucket("s1", value) + 1, key);
        await using var service = await StartAsync();

        await Eventually.TrueAsync(async () => (await service.GetAsync("/order", null, stress: true)).StatusCode == HttpStatusCode.OK);
        await RuleAsync(EntryRule.Bucket("s1", value), key);
        await Eventually.TrueAsync(async () => (await service.GetAsync("/order", null, stress: true)).StatusCode == HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task LoadGenerator_HalfPasses_CountsBoth()
    {
        await RuleAsync(5000);
        await using var service = await StartAsync();
        var before = await ChecksumAsync();
        await using var load = RealProcess.Start(new RealProcessStart(
            RealProcess.Find("dotnet", "dotnet-sdk-10.0"),
            Path.Combine(AppContext.BaseDirectory, "Fairway.StressLoad.dll"), new Uri(service.Address, "/order").ToString(), "--key", $"k1={Secret}", "--rps", "100", "--seconds", "1"));

        Assert.Equal(0, await load.WaitForExitAsync(TimeSpan.FromSeconds(60)));

        Assert.Matches(@"(?m)^200 +\d+", load.Output);
        Assert.Matches(@"(?m)^503 STRESS_CACHE_ONLY +\d+", load.Output);
        Assert.Equal(before, await ChecksumAsync());
    }

    private Task<long> RuleAsync(int threshold, string key = "user") => _registry.PutAsync(
        RegistryKeys.Stress("orders"), Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { salt = "s1", threshold, key })));

    private async Task<string?> ChecksumAsync()
    {
        await using var primary = databases.Open("shop");
        await using var command = primary.CreateCommand("select md5(string_agg(id || who, ',' order by id)) from orders");
        return (string?)await command.ExecuteScalarAsync();
    }

    private static async Task<int> CountAsync(DbDataSource database)
    {
        await using var command = database.CreateCommand("select count(*)::int from orders");
        return (int)(await command.ExecuteScalarAsync())!;
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.True(answer.Headers.CacheControl?.NoStore); // nobody else's answer
        Assert.Equal(code, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
    }

    private async Task<Service> StartAsync(bool withShadow = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["Lanes:Keys:k1"] = Secret;
        builder.Configuration["Stress:Topics:orders"] = "orders-shadow";
        builder.Services.AddSingleton<IRegistry>(_registry);
        builder.AddFairwayConfig();
        builder.AddFairway(options => (options.Service, options.RegistrationEnabled) = ("orders", false));
        builder.Services.AddFairwayStress();
        builder.Services.AddShadowDatabase(_ => databases.Open("shop"), withShadow ? _ => databases.Open("shadow") : null);
        builder.Services.AddDistributedMemoryCache();
        builder.Services.AddShadowCache();
        var app = builder.Build();
        app.MapGet("/order", async (DbDataSource database, HttpContext context) =>
        {
            await using var command = database.CreateCommand("insert into orders (who) values ('" + context.TraceIdentifier.Replace(':', '-') + "')");
            await command.ExecuteNonQueryAsync();
        });
        app.MapGet("/cache/set/{value}", (IDistributedCache cache, string value) => cache.SetStringAsync("key", value));
        app.MapGet("/cache/get", (IDistributedCache cache) => cache.GetStringAsync("key"));
        app.MapGet("/topic/{topic}", (StressGate gate, string topic) => gate.Topic(topic));
        await app.StartAsync();
        return new Service(app);
    }

    private sealed class Service(WebApplication app) : IAsyncDisposable
    {
        private readonly HttpClient _http = new() { BaseAddress = new Uri(app.Urls.First()) };
        public Uri Address => _http.BaseAddress!;

        private readonly LabelKeys _keys = new(new Dictionary<string, string> { ["k1"] = Secret }, "k1");

        public Task<HttpResponseMessage> GetAsync(string path, string? user, bool stress)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("x-tenant", "acme");
            request.Headers.Add("Cookie", "tenant=acme");
            if (user is not null)
            {
                request.Headers.Add("x-user-id", user);
            }

            if (stress)
            {
                request.Headers.Add(LabelHeaders.Stress, "1");
                request.Headers.Add(LabelHeaders.Signature, _keys.Sign(Label.Of(null, stress: true), DateTimeOffset.UtcNow.AddMinutes(5)));
            }

            return _http.SendAsync(request);
        }

        public async ValueTask DisposeAsync()
        {
            _http.Dispose();
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }
}
