namespace Fairway.Gateway.Jobs;

/// <summary>The queue takes no job because its broker or database does not answer: 503 <c>QUEUE_AWAY</c>.</summary>
public sealed class QueueAwayException(Exception? inner = null) : Exception("The job queue does not answer; try again.", inner);
