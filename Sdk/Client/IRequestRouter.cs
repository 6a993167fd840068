namespace Fairway.Sdk.Client;

/// <summary>Which instances of a service a request may go to.</summary>
/// <param name="Lane">Instances of this lane alone; empty is base.</param>
public readonly record struct RequestRoute(string Lane)
{
    /// <summary>Why there is no route at all; the request ends in a <see cref="FairwayClientException"/> of that code.</summary>
    public string? Code { get; init; }

    /// <summary>For people, with <see cref="Code"/>.</summary>
    public string? Message { get; init; }

    /// <summary>Addresses that this request must avoid, beside those that the directory has offline.</summary>
    public IReadOnlySet<string>? Offline { get; init; }
}

/// <summary>
/// Narrows the instances of a service down to those that may serve a request, before one of them is picked; the place for lanes.
/// Called once a request, by any thread; must not block. Register one with the services to replace <see cref="BaseRouter"/>.
/// </summary>
public interface IRequestRouter
{
    RequestRoute Route(HttpRequestMessage request, ServiceEntry service, ServiceDirectory directory);
}

/// <summary>Sends every request to base.</summary>
public sealed class BaseRouter : IRequestRouter
{
    public RequestRoute Route(HttpRequestMessage request, ServiceEntry service, ServiceDirectory directory) => new("");
}
