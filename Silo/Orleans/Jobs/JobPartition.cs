using Orleans.Concurrency;

namespace Fairway.Silo.Orleans.Jobs;

/// <summary>Word that a job waits. What is asked stays in the database: it is no stream provider's business.</summary>
[GenerateSerializer, Immutable, Alias("fairway.JobCall")]
internal sealed record JobCall([property: Id(0)] string User, [property: Id(1)] long Version);

/// <summary>One of the streams that users are spread over, and the processes that it offers jobs to; the key is its number.</summary>
[Alias("fairway.IJobPartitionGrain")]
internal interface IJobPartitionGrain : IGrainWithStringKey
{
    /// <summary>The process is offered jobs until its lease lapses.</summary>
    [Alias("Attach")]
    [OneWay]
    Task Attach(string process, IJobTakerObserver taker);

    [Alias("Detach")]
    [OneWay]
    Task Detach(string process);
}

/// <summary>A process that runs jobs, a silo or a client.</summary>
[Alias("fairway.IJobTakerObserver")]
internal interface IJobTakerObserver : IGrainObserver
{
    /// <summary>False: it has no room.</summary>
    [Alias("Offer")]
    [ResponseTimeout("00:00:02")]
    Task<bool> Offer(string user, long version);
}
