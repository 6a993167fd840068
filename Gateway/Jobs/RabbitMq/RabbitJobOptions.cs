using Fairway.Sdk.RabbitMq;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>RabbitMQ as the job queue: configuration section <c>Jobs:RabbitMq</c>. An empty <c>Uri</c> keeps jobs in the journal.</summary>
public sealed class RabbitJobOptions : BrokerOptions
{
    public const string Section = "Jobs:RabbitMq";

    /// <summary>The queue's name; its dead letters go to <c>{queue}.dead</c>. Default <c>fairway.jobs</c>.</summary>
    public string Queue { get; set; } = "fairway.jobs";

    /// <summary>How often a job may come back from a worker before it is a dead letter, 1 to 1000. Default 20.</summary>
    public int DeliveryLimit { get; set; } = 20;

    protected override IEnumerable<(string Name, double Value, double Least, double Most)> Ranges() =>
        [.. base.Ranges(), (nameof(DeliveryLimit), DeliveryLimit, 1, 1000), ($"{nameof(Queue)} length", Queue.Length, 1, 200)];
}

internal sealed class RabbitJobOptionsValidator : IValidateOptions<RabbitJobOptions>
{
    public ValidateOptionsResult Validate(string? name, RabbitJobOptions options)
    {
        var failures = options.Failures(RabbitJobOptions.Section).ToList();
        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;
    }
}
