using System.Text;
using Fairway.Sdk.Configuration;
using Fairway.Sdk.Lanes;
using Fairway.Sdk.RabbitMq;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Sdk.Registration;
using Fairway.Sdk.Stress;

namespace Fairway.Backend;

/// <summary>A message that this instance processed.</summary>
/// <param name="Label">The lane of the label that was current; null for none.</param>
/// <param name="By">The instance.</param>
public sealed record Mail(string Id, string Text, string? Label, string? By);

/// <summary>The last messages that this instance processed, newest first.</summary>
public sealed class Mailbox(FairwayInstance me)
{
    private const int Most = 100;

    private readonly Lock _gate = new();
    private readonly LinkedList<Mail> _mails = new();

    public IReadOnlyList<Mail> Mails
    {
        get
        {
            lock (_gate)
            {
                return [.. _mails];
            }
        }
    }

    public Task TakeAsync(LaneMessage message)
    {
        var mail = new Mail(message.Id, Encoding.UTF8.GetString(message.Body.Span), LaneContext.Current.Lane, me.Record?.Id);
        lock (_gate)
        {
            _mails.AddFirst(mail);
            while (_mails.Count > Most)
            {
                _mails.RemoveLast();
            }
        }

        return Task.CompletedTask;
    }
}

/// <summary>
/// What <c>--topic</c> adds: the service consumes the topic, publishes to it by <c>POST /publish?text=</c>, and shows what it got. A
/// request of a stress test publishes to the topic's shadow, or is refused where there is none.
/// </summary>
internal static class MailboxExtensions
{
    public static void AddMailbox(this WebApplicationBuilder builder, string topic)
    {
        builder.AddFairwayConfig();
        builder.Services.AddFairwayStress();
        builder.Services.AddSingleton<Mailbox>();
        builder.Services.AddLaneConsumer(topic, static (provider, message, _) => provider.GetRequiredService<Mailbox>().TakeAsync(message));
    }

    public static void MapMailbox(this IEndpointRouteBuilder app, string topic)
    {
        app.MapGet("/messages", (Mailbox box) => box.Mails);
        app.MapPost("/publish", async (string text, LanePublisher publisher, StressGate gate, CancellationToken cancellation) =>
        {
            try
            {
                return Results.Ok(new { Id = await publisher.PublishAsync(gate.Topic(topic), Encoding.UTF8.GetBytes(text), cancellationToken: cancellation) });
            }
            catch (BrokerAwayException away)
            {
                return Results.Problem(away.Message, statusCode: 503, extensions: new Dictionary<string, object?> { ["code"] = "BROKER_AWAY" });
            }
        });
    }
}
