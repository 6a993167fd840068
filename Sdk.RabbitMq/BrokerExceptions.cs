namespace Fairway.Sdk.RabbitMq;

/// <summary>The broker did not confirm a message: it is away, or did not answer in time.</summary>
/// <param name="mayHaveArrived">Whether the message was sent, so that it may stand in a queue all the same.</param>
public sealed class BrokerAwayException(bool mayHaveArrived, Exception? inner = null) : Exception("The broker does not answer.", inner)
{
    public bool MayHaveArrived { get; } = mayHaveArrived;
}

/// <summary>The broker took the message and refused it: no queue for it, or a full one.</summary>
/// <param name="isUnroutable">Whether no queue is bound for it.</param>
public sealed class BrokerRefusedException(bool isUnroutable, Exception? inner = null)
    : Exception(isUnroutable ? "No queue takes this message." : "The queue refuses this message.", inner)
{
    public bool IsUnroutable { get; } = isUnroutable;
}
