using System.Diagnostics;
using System.Text.Json;

namespace Fairway.Faults;

/// <summary>The list of one service as a caller sees it, asked for every 10 ms.</summary>
internal sealed class BestList(HttpClient http, Uri path)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Seconds from the fault until the instance has left.</summary>
    public Task<double> UntilGoneAsync(string id, Action fault) => UntilAsync(id, listed: false, fault);

    /// <summary>Seconds from now, or from what mends it, until the instance is listed.</summary>
    public Task<double> UntilThereAsync(string id, Action? mend = null) => UntilAsync(id, listed: true, mend);

    /// <summary>Counts from now on how many instances leave.</summary>
    public LossWatch CountLosses() => new(this);

    /// <summary>Ids of the usable instances.</summary>
    /// <exception cref="HttpRequestException">No answer, or none that is a list.</exception>
    public async Task<HashSet<string>> ReadAsync()
    {
        await using var body = await http.GetStreamAsync(path);
        using var document = await JsonDocument.ParseAsync(body);
        return [.. document.RootElement.GetProperty("instances").EnumerateArray().Select(instance => instance.GetProperty("id").GetString()!)];
    }

    private async Task<double> UntilAsync(string id, bool listed, Action? act)
    {
        var began = Stopwatch.GetTimestamp();
        act?.Invoke();
        while ((await ReadAsync()).Contains(id) != listed)
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                throw new TimeoutException($"{id} is still {(listed ? "not " : "")}listed after {Patience.TotalSeconds:0} s.");
            }

            await Task.Delay(Interval, TimeProvider.System);
        }

        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    internal sealed class LossWatch : IDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly Task<int> _losses;

        public LossWatch(BestList list) => _losses = WatchAsync(list, _end.Token);

        public async Task<int> EndAsync()
        {
            await _end.CancelAsync();
            return await _losses;
        }

        public void Dispose() => _end.Dispose();

        private static async Task<int> WatchAsync(BestList list, CancellationToken end)
        {
            var losses = 0;
            var held = await list.ReadAsync();
            while (!end.IsCancellationRequested)
            {
                var now = await list.ReadAsync();
                losses += held.Except(now).Count();
                held = now;
                await Task.Delay(Interval, TimeProvider.System, CancellationToken.None);
            }

            return losses;
        }
    }
}
