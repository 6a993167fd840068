namespace Fairway.Core.Streams;

/// <summary>
/// Conversations of users have names as in CONTRACTS 1; one that begins with <see cref="Relay"/> cannot be a user's, and nothing of it
/// enters history.
/// </summary>
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

    /// <summary>
    /// Begins the names of the conversations that a stress test holds for a user: of the same names as the user's own, and apart from
    /// them, so that no answer of the user is superseded, counted against or mixed with one of the test.
    /// </summary>
    public const string Stress = "~stress-";

    public static bool IsKept(string conversation) => conversation.StartsWith(Kept, StringComparison.Ordinal);

    public static bool IsStress(string conversation) => conversation.StartsWith(Stress, StringComparison.Ordinal);

    public static bool IsRelay(string conversation) => conversation.StartsWith(Relay) && !IsStress(conversation);

    /// <summary>Whether its answers enter history, and outlive their process until they do.</summary>
    public static bool IsInHistory(string conversation) => !conversation.StartsWith(Relay);

    /// <summary>What a stress test calls the conversation that its user knows by <paramref name="name"/>.</summary>
    public static string OfStress(string name) => Stress + name;

    /// <summary>The name as its user knows it.</summary>
    public static string Shown(string conversation) => IsStress(conversation) ? conversation[Stress.Length..] : conversation;
}
