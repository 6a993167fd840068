using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Sdk.RabbitMq;
using Fairway.Sdk.RabbitMq.Lanes;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>RabbitMQ as the job queue: configuration section <c>Jobs:RabbitMq</c>. An empty <c>Uri</c> keeps jobs in the journal.</summary>
public sealed class RabbitJobOptions : BrokerOptions
{
    public const string Section = "Jobs:RabbitMq";

    /// <summary>The variable that names this process's lane.</summary>
    public const string LaneVariable = "COLORING_ENV";

    /// <summary>
    /// The topic that jobs stand under; queues are <c>{queue}/{service}/GID_{queue}</c> and for lanes <c>{queue}/{service}/GID_{lane}_{queue}</c>,
    /// each with its dead letters in <c>.../dead</c>. 1-60 of <c>A-Za-z0-9._-</c>. Default <c>fairway.jobs</c>.
    /// </summary>
    public string Queue { get; set; } = "fairway.jobs";

    /// <summary>The service whose workers take jobs: what a lane declares to have its own. Default <c>fairway.generation</c>.</summary>
    public string Service { get; set; } = "fairway.generation";

    /// <summary>How often a job may come back from a worker before it is a dead letter, 1 to 1000. Default 20.</summary>
    public int DeliveryLimit { get; set; } = 20;

    /// <summary>
    /// Whether a lane's jobs go to the lane's workers. Default: on the orleans engine; on local a Gateway's streams are its own, so no
    /// other process could answer.
    /// </summary>
#if ENGINE_ORLEANS
    public bool Lanes { get; set; } = true;
#else
    public bool Lanes { get; set; }
#endif

    /// <summary>The lane whose jobs this process takes; empty is base. The variable <c>COLORING_ENV</c> wins. Default: that of <c>Engine:Lane</c>.</summary>
    public string Lane { get; set; } = "";

    /// <summary>For how long a lane must be without a worker, or gone, before base takes its jobs, in seconds, 1 to 3600. Default 15.</summary>
    public double StandInSeconds { get; set; } = 15;

    public override IEnumerable<string> Failures(string section)
    {
        foreach (var failure in base.Failures(section))
        {
            yield return failure;
        }

        if (!Group.IsTopic(Queue))
        {
            yield return $"{section}:{nameof(Queue)} is '{Queue}'; it must be 1-60 of A-Za-z0-9._-, not beginning with 'amq.'.";
        }

        if (!Names.IsValid(Service))
        {
            yield return $"{section}:{nameof(Service)} is '{Service}'; it must be a service's name.";
        }

        if (Lane.Length > 0 && !Label.IsValid(Lane))
        {
            yield return $"{section}:{nameof(Lane)} is '{Lane}'; it must be a lane.";
        }
    }

    protected override IEnumerable<(string Name, double Value, double Least, double Most)> Ranges() =>
        [.. base.Ranges(), (nameof(DeliveryLimit), DeliveryLimit, 1, 1000), (nameof(StandInSeconds), StandInSeconds, 1, 3600)];
}

/// <summary>Fills in the lane of the process.</summary>
internal sealed class RabbitJobOptionsSetup(IConfiguration configuration) : IPostConfigureOptions<RabbitJobOptions>
{
    public void PostConfigure(string? name, RabbitJobOptions options)
    {
        if (configuration[RabbitJobOptions.LaneVariable] is { } lane)
        {
            options.Lane = lane; // empty is base, whatever the configuration says
        }
        else if (options.Lane.Length == 0)
        {
            options.Lane = configuration["Engine:Lane"] ?? "";
        }
    }
}

internal sealed class RabbitJobOptionsValidator : IValidateOptions<RabbitJobOptions>
{
    public ValidateOptionsResult Validate(string? name, RabbitJobOptions options)
    {
        var failures = options.Failures(RabbitJobOptions.Section).ToList();
        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;
    }
}
