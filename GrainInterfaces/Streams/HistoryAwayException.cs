namespace Fairway.GrainInterfaces.Streams;

/// <summary>History could not be written or asked because its database does not answer: 503 <c>HISTORY_AWAY</c>. Nothing was freed.</summary>
[GenerateSerializer, Alias("fairway.HistoryAwayException")]
public sealed class HistoryAwayException : Exception
{
    public HistoryAwayException()
        : base("History does not answer; try again.")
    {
    }

    public HistoryAwayException(Exception inner)
        : base("History does not answer; try again.", inner)
    {
    }
}
