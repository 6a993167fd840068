using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fairway.Backend;
using Fairway.Testing;

namespace Fairway.Sdk.Tests.Backend;

public sealed class BackendTests
{
    private static readonly string[] Unregistered = ["--service", "orders", "--id", "orders-7", "--Fairway:RegistrationEnabled", "false"];

    [Fact]
    public async Task Knobs_ChangedWhileRunning_ChangeTheWork()
    {
        await using var backend = await BackendProcess.StartAsync([.. Unregistered, "--latency-ms", "1", "--cpu-ms", "0.5", "--memory-mib", "3"]);

        Assert.Equal(new Knobs(1, 0, 0.5, 3), await backend.Http.GetFromJsonAsync<Knobs>("/knobs"));
        var answer = await backend.Http.GetFromJsonAsync<JsonObject>("/work");
        Assert.Equal(("orders", "orders-7"), ((string?)answer!["service"], (string?)answer["id"]));

        using var changed = await backend.Http.PostAsJsonAsync("/knobs", new { errorRate = 1.0 });
        Assert.Equal(new Knobs(1, 1, 0.5, 3), await changed.Content.ReadFromJsonAsync<Knobs>());
        using var failed = await backend.Http.GetAsync(new Uri("/work", UriKind.Relative));
        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);

        using var refused = await backend.Http.PostAsJsonAsync("/knobs", new { errorRate = 1.5 });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal("BAD_FIELD", (string?)(await refused.Content.ReadFromJsonAsync<JsonObject>())!["code"]);
        Assert.Equal(1, (await backend.Http.GetFromJsonAsync<Knobs>("/knobs"))!.ErrorRate);
    }

    [Fact]
    public async Task WhoAmI_Unregistered_SaysSo()
    {
        await using var backend = await BackendProcess.StartAsync([.. Unregistered, "--zone", "z1", "--port", "0"]);

        var me = (await backend.Http.GetFromJsonAsync<JsonObject>("/whoami"))!;

        Assert.Equal("Off", (string?)me["state"]);
        Assert.Equal("z1", (string?)me["record"]!["zone"]);
        Assert.Equal(backend.Http.BaseAddress!.Authority, (string?)me["record"]!["address"]);
        Assert.Equal("ok", await backend.Http.GetStringAsync(new Uri("/healthz", UriKind.Relative)));
    }

    [Fact]
    public async Task SelfLoad_Asked_MovesTheFigures()
    {
        await using var backend = await BackendProcess.StartAsync([.. Unregistered, "--self-rps", "50"]);

        await Eventually.TrueAsync(async () => await LoadAsync(backend, "rps_fractional") > 20);
        Assert.True(await LoadAsync(backend, "named_metrics.latency_ms") >= 5); // the default wait
    }

    [Theory]
    [InlineData("--error-rate", "2", "errorRate is 0 to 1")]
    [InlineData("--self-rps", "100000", "selfRps is 0 to 500")]
    [InlineData("--service", "a/b", "BAD_NAME: Fairway:Service")]
    public async Task Start_BadArgument_SaysWhichAndExits(string argument, string value, string message)
    {
        await using var process = BackendProcess.Launch([.. Unregistered, argument, value]);

        await Eventually.True(() => process.HasExited);
        Assert.NotEqual(0, process.ExitCode);
        await Eventually.True(() => process.Output.Contains(message, StringComparison.Ordinal));
    }

    private static async Task<double> LoadAsync(BackendProcess backend, string figure)
    {
        using var answer = await backend.Http.GetAsync(new Uri("/healthz", UriKind.Relative));
        return answer.Headers.GetValues("endpoint-load-metrics").Single()["TEXT ".Length..].Split(',')
            .Select(pair => pair.Split('=')).Where(pair => pair[0] == figure).Select(pair => double.Parse(pair[1])).SingleOrDefault();
    }
}
