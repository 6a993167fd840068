namespace Fairway.Sdk.Client;

/// <summary>A request that no instance was sent.</summary>
/// <param name="code"><c>NO_LIST</c>, <c>SERVICE_UNKNOWN</c>, <c>NO_PROVIDER</c>, or one of the router's.</param>
/// <param name="message">What to do.</param>
public sealed class FairwayClientException(string code, string message) : HttpRequestException($"{code}: {message}")
{
    public string Code { get; } = code;
}
