using Fairway.Core.Streams;
using Fairway.Gateway.Http;
using Fairway.Sdk.Lanes;

namespace Fairway.Gateway.Streams;

/// <summary>The conversation that a call is about.</summary>
internal static class ConversationName
{
    /// <summary>The one that a call is about which names none.</summary>
    public const string Default = "main";

    /// <summary>As grains know it: a call under a stress test's mark means that test's conversation, never the user's own.</summary>
    /// <param name="given">As the caller names it; null for none.</param>
    /// <exception cref="ApiException"><c>BAD_NAME</c>.</exception>
    public static string Read(string? given)
    {
        var name = RequestReader.Name(given ?? Default, "conversation");
        return LaneContext.Current.Stress ? ConversationNames.OfStress(name) : name;
    }
}
