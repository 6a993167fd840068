namespace Fairway.Core.Streams;

/// <summary>Conversations of users have names as in CONTRACTS 1; one that begins with <see cref="Relay"/> cannot be a user's.</summary>
public static class ConversationNames
{
    /// <summary>
    /// Begins the name of a conversation that is one relayed call: neither counted among those its user holds nor kept in history.
    /// </summary>
    public const char Relay = '~';

    public static bool IsRelay(string conversation) => conversation.StartsWith(Relay);
}
