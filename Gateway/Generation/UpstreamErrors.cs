using Fairway.Core.Streams;

namespace Fairway.Gateway.Generation;

/// <summary>The <c>error</c> terminals of a model call. Their words are ours: what a model says may repeat a key or a prompt.</summary>
internal static class UpstreamErrors
{
    public const string Error = "UPSTREAM_ERROR";
    public const string RateLimited = "UPSTREAM_RATE_LIMITED";
    public const string Timeout = "UPSTREAM_TIMEOUT";
    public const string Truncated = "UPSTREAM_TRUNCATED";

    public static Frame UnknownModel { get; } = Terminals.Error(Error, "No model of the name that was asked for is configured.");

    public static Frame Unreachable { get; } = Terminals.Error(Error, "The model cannot be reached.");

    public static Frame InStream { get; } = Terminals.Error(Error, "The model reported an error in mid-answer.");

    public static Frame Garbage { get; } = Terminals.Error(Error, "The model sent something that is no chunk of a chat completion.");

    public static Frame Internal { get; } = Terminals.Error(Error, "The model could not be called.");

    public static Frame TimedOut { get; } = Terminals.Error(Timeout, "The model fell silent.");

    public static Frame TruncatedAnswer { get; } = Terminals.Error(Truncated, "The model's answer broke off before its end.");

    public static Frame TooManyRequests(TimeSpan? retryAfter) =>
        Terminals.Error(RateLimited, "The model takes no more requests at the moment.", retryAfter);

    public static Frame Refused(int status) => Terminals.Error(
        Error,
        status is 401 or 403 ? $"The model refused the Gateway's credentials (HTTP {status})." : $"The model refused the request (HTTP {status}).");
}
