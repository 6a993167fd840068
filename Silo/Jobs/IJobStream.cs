namespace Fairway.Silo.Jobs;

/// <summary>
/// Brings word of waiting jobs to a process that has room, anywhere in the cluster. Word may come twice, late or not at all: who keeps
/// the jobs decides who runs one, and looks for what nobody was told of.
/// </summary>
public interface IJobStream
{
    /// <summary>Says that a job waits. What fails here is nobody's loss.</summary>
    Task TellAsync(string user, long version);

    /// <summary>This process is offered jobs for some seconds from now on; to be called every second or two.</summary>
    Task AttachAsync(IJobTaker taker);

    /// <summary>This process is offered no more.</summary>
    Task DetachAsync();
}

/// <summary>A process that runs jobs.</summary>
public interface IJobTaker
{
    /// <summary>False: there is no room, ask another one. Answers at once.</summary>
    bool Offer(string user, long version);
}
