using System.Globalization;
using System.Net.ServerSentEvents;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>A reader of one answer, who notes what comes.</summary>
internal sealed class StreamReading
{
    private readonly List<(string Event, int Offset)> _frames = [];
    private readonly List<string> _texts = [];
    private readonly Lock _gate = new();

    private StreamReading(HttpResponseMessage response) => Ended = ReadAsync(response);

    /// <summary>Completes with the last event's name at the end of the response, whatever ended it.</summary>
    public Task<string?> Ended { get; }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _frames.Count;
            }
        }
    }

    /// <summary>Id, event and data of each frame so far.</summary>
    public string[] Frames
    {
        get
        {
            lock (_gate)
            {
                return [.. _texts];
            }
        }
    }

    public static Task<StreamReading> BeginAsync(HttpResponseMessage response)
    {
        response.EnsureSuccessStatusCode();
        return Task.FromResult(new StreamReading(response));
    }

    /// <summary>Nothing lost and nothing repeated: offsets count from 0, and a terminal is the last.</summary>
    public void IsWhole(int deltas)
    {
        Assert.Equal(Enumerable.Range(0, _frames.Count), _frames.Select(frame => frame.Offset));
        Assert.Equal("stop", _frames[^1].Event);
        Assert.Equal(deltas, _frames.Count(frame => frame.Event == "delta"));
    }

    private async Task<string?> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
            {
                if (item.EventId is not { } id)
                {
                    continue;
                }

                lock (_gate)
                {
                    _texts.Add($"{id} {item.EventType} {item.Data}");
                    _frames.Add((item.EventType, int.Parse(id[(id.IndexOf(':', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture)));
                }
            }

            return _frames.Count > 0 ? _frames[^1].Event : null;
        }
    }
}
