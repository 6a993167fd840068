using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Fairway.Core.Lanes;

namespace Fairway.StressLoad;

/// <summary>Requests at a steady rate, whatever the answers take (an open loop), each under a fresh signature.</summary>
internal sealed class MarkedLoad(Uri url, LabelKeys keys, Label label, int users, TimeProvider time)
{
    private static readonly TimeSpan SignatureLife = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);

    /// <summary>How often each status (with its code, for refusals) was answered.</summary>
    public async Task<IReadOnlyDictionary<string, int>> RunAsync(int requestsPerSecond, TimeSpan lasting, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { Timeout = TimeSpan.FromSeconds(30) };
        using var beats = new PeriodicTimer(TimeSpan.FromMilliseconds(Math.Max(1, 1000.0 / requestsPerSecond)), time);
        var began = time.GetTimestamp();
        var sent = 0;
        var running = new List<Task>();
        while (time.GetElapsedTime(began) < lasting && await beats.WaitForNextTickAsync(cancellationToken))
        {
            var due = (int)(time.GetElapsedTime(began).TotalSeconds * requestsPerSecond) + 1;
            for (; sent < due; sent++)
            {
                running.Add(AskAsync(http, sent % users, cancellationToken));
            }

            running.RemoveAll(task => task.IsCompleted);
        }

        await Task.WhenAll(running);
        return new SortedDictionary<string, int>(_answers, StringComparer.Ordinal);
    }

    private async Task AskAsync(HttpClient http, int user, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Add("x-user-id", string.Create(CultureInfo.InvariantCulture, $"user-{user}"));
        request.Headers.Add(LabelHeaders.Stress, "1");
        if (label.Lane is not null)
        {
            request.Headers.Add(LabelHeaders.FlowType, label.Lane);
        }

        request.Headers.Add(LabelHeaders.Signature, keys.Sign(label, time.GetUtcNow() + SignatureLife));
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            var code = response.IsSuccessStatusCode ? "" : CodeOf(await response.Content.ReadAsStringAsync(cancellationToken));
            Count($"{(int)response.StatusCode} {code}".TrimEnd());
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            Count("no answer");
        }
    }

    private void Count(string answer) => _answers.AddOrUpdate(answer, 1, static (_, count) => count + 1);

    private static string CodeOf(string body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            return problem.RootElement.TryGetProperty("code", out var code) ? code.ToString() : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
