namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>How a service consumes a topic.</summary>
public sealed record LaneConsumerOptions
{
    /// <summary>The topic; required.</summary>
    public required string Topic { get; init; }

    /// <summary>The consuming service; required.</summary>
    public required string Service { get; init; }

    /// <summary>The lane this process runs in; null is base.</summary>
    public string? Lane { get; init; }

    /// <summary>Messages that may be under way to this process, 1 to 65535. Default 64.</summary>
    public int Prefetch { get; init; } = 64;

    /// <summary>Handlers that run at once, 1 to 1024. Default 8.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>Messages a handler gets at once, 1 to 10000. Default 1.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>How long a batch waits to be full after its first message. Default 50 ms.</summary>
    public TimeSpan BatchWait { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits before the second, third, ... attempt; the last one holds for all further ones. Default 1 s, 10 s, 60 s.</summary>
    public IReadOnlyList<TimeSpan> RetryDelays { get; init; } = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60)];

    /// <summary>Attempts until a message is a dead letter, 1 to 1000. Default 5.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>For how long a lane must be without a consumer, or gone, before base takes its messages. Default 15 s.</summary>
    public TimeSpan StandInAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Messages waiting in a group that raise its alarm. Default 10,000.</summary>
    public long AlarmBacklog { get; init; } = 10_000;

    /// <summary>Between two looks at lanes and backlogs. Default 5 s.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long running handlers are waited for when the consumer is disposed. Default 15 s.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Where the instance that consumes is reached (<c>ip:port</c>), to know that it is offline; null while that is unknown. Default:
    /// it is never offline.
    /// </summary>
    public Func<string?>? Address { get; init; }

    internal void Check()
    {
        new Group(Topic, Service, Lane).Check();
        InRange(Prefetch, 1, 65535, nameof(Prefetch));
        InRange(Concurrency, 1, 1024, nameof(Concurrency));
        InRange(BatchSize, 1, 10_000, nameof(BatchSize));
        InRange(MaxAttempts, 1, 1000, nameof(MaxAttempts));
        InRange(RetryDelays.Count, 1, 20, nameof(RetryDelays));
        if (RetryDelays.Any(delay => delay < TimeSpan.FromMilliseconds(1) || delay > TimeSpan.FromDays(7)))
        {
            throw new ArgumentOutOfRangeException(nameof(RetryDelays), "A retry delay must be 1 ms to 7 days.");
        }

        if (BatchSize > Prefetch)
        {
            throw new ArgumentOutOfRangeException(nameof(BatchSize), $"A batch of {BatchSize} can never fill with a prefetch of {Prefetch}.");
        }
    }

    private static void InRange(int value, int least, int most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, $"{name} is {value}; it must be {least} to {most}.");
        }
    }
}
