using System.Net;
using Fairway.Core.Lanes;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>The mark of a stress test, as a trusted hop gives it to a Gateway.</summary>
internal static class StressMark
{
    private const string Secret = "a key that only stress tests know";

    private static readonly LabelKeys Keys = new(new Dictionary<string, string> { ["k"] = Secret }, null);

    /// <summary>Lets a Gateway take the mark.</summary>
    public const string Setting = $"--Lanes:Keys:k={Secret}";

    public static (string Name, string Value)[] Headers() =>
    [
        (LabelHeaders.Stress, "1"),
        (LabelHeaders.Signature, Keys.Sign(Label.Of(null, stress: true), DateTimeOffset.UtcNow.AddMinutes(5))),
    ];

    /// <summary>Asks under the mark, reads the answer to its end and acknowledges it.</summary>
    public static async Task<string> AnswerAsync(StreamUser user, string? conversation = null)
    {
        var asked = await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("stress", """{"tokens":3}""", conversation), Headers());
        var version = asked.Json.GetProperty("version").GetString()!;
        using (var reader = await user.FollowAsync(version))
        {
            Assert.Equal("stop", (await reader.ReadAllAsync())[^1].Event);
        }

        Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
        return version;
    }
}
