using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Fairway.Product;
using Fairway.Report;
using Fairway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fairway.Faults;

/// <summary>How soon a model that has not said a word yet loses its connection, when its answer is stopped or superseded.</summary>
internal sealed class StreamFaults : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();
    private readonly HttpClient _http = new();
    private WebApplication _model = null!;
    private RealProcess? _gateway;
    private volatile Call _call = new();

    public static async Task AddAsync(BenchReport report, int rounds)
    {
        await using var faults = new StreamFaults();
        await faults.StartAsync();
        List<double> stopped = [], superseded = [];
        for (var round = 0; round < rounds; round++)
        {
            stopped.Add(await faults.UntilClosedAsync(isStop: true));
            superseded.Add(await faults.UntilClosedAsync(isStop: false));
        }

        Add("answer stopped before its first token: the model's socket is closed", stopped);
        Add("answer superseded before its first token: the model's socket is closed", superseded);

        void Add(string what, List<double> seconds) =>
            report.Add(what + ", max", seconds.Max(), " s", Target.AtMost(0.1), $"p50 {Rounds.Median(seconds):0.000} s of {seconds.Count}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        await _model.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    private async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _model = builder.Build();
        _model.MapPost("/v1/chat/completions", AnswerAsync);
        await _model.StartAsync();
        (_gateway, _http.BaseAddress) = await ProductProcess.StartAsync(
            "Gateway", "--port", "0", "--data", _folder["gateway"], "--Streams:DrainSeconds=0", $"--Models:demo:BaseUrl={_model.Urls.Single()}");
        var token = await _gateway.WaitForLineAsync(line => line.StartsWith("TOKEN ", StringComparison.Ordinal));
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token["TOKEN ".Length..].Trim());
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var call = _call;
        using var closed = context.RequestAborted.Register(() => call.Closed.TrySetResult(Stopwatch.GetTimestamp()));
        call.Reached.TrySetResult();
        await call.Closed.Task; // never a word
    }

    private async Task<double> UntilClosedAsync(bool isStop)
    {
        var call = _call = new Call();
        var version = await AskAsync();
        await call.Reached.Task.WaitAsync(Patience);
        _call = new Call();
        var asked = Stopwatch.GetTimestamp();
        if (isStop)
        {
            using var response = await _http.DeleteAsync(new Uri($"/v1/streams/{version}", UriKind.Relative));
            response.EnsureSuccessStatusCode();
        }
        else
        {
            version = await AskAsync();
        }

        var seconds = Stopwatch.GetElapsedTime(asked, await call.Closed.Task.WaitAsync(Patience)).TotalSeconds;
        using var end = await _http.DeleteAsync(new Uri($"/v1/streams/{version}", UriKind.Relative));
        return seconds;
    }

    private async Task<string> AskAsync()
    {
        using var response = await _http.PostAsJsonAsync(
            new Uri("/v1/streams", UriKind.Relative), new { messages = new[] { new { role = "user", content = "say nothing" } } });
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("version").GetString()!;
    }

    private sealed class Call
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<long> Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
