namespace Fairway.Core.Streams;

/// <summary>Conversations of users have names as in CONTRACTS 1; one that begins with <see cref="Relay"/> cannot be a user's.</summary>
public static class ConversationNames
{
    /// <summary>
    /// Begins the name of a conversation that is one relayed call: neither counted among those its user holds nor kept in history.
    /// </summary>
    public const char Relay = '~';

    /// <summary>
    /// Begins the name of a relayed call whose answer stays for those who ask for it by its id: it runs whether or not anybody reads, and
    /// is freed a fixed time after its end.
    /// </summary>
    public const string Kept = "~response-";

    public static bool IsKept(string conversation) => conversation.StartsWith(Kept, StringComparison.Ordinal);

    public static bool IsRelay(string conversation) => conversation.StartsWith(Relay);
}
