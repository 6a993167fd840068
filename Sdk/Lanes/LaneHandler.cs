using System.Net;

namespace Fairway.Sdk.Lanes;

/// <summary>
/// Lets the current label leave with each request, to hosts of the allow list only. It stands next to the sockets and follows
/// redirects itself, as the runtime's handler would send a label along to wherever a host redirects.
/// </summary>
internal sealed class LaneHandler(LaneEgress egress, int maxRedirects = 0) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        egress.Apply(request);
        LaneTrail.Ask(request);
        var response = await base.SendAsync(request, cancellationToken);
        for (var hop = 0; hop < maxRedirects && Next(request, response) is { } next; hop++)
        {
            response.Dispose();
            Redirect(request, response.StatusCode, next);
            egress.Apply(request);
            LaneTrail.Ask(request);
            response = await base.SendAsync(request, cancellationToken);
        }

        LaneTrail.Hear(response);
        return response;
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        egress.Apply(request);
        LaneTrail.Ask(request);
        var response = base.Send(request, cancellationToken);
        for (var hop = 0; hop < maxRedirects && Next(request, response) is { } next; hop++)
        {
            response.Dispose();
            Redirect(request, response.StatusCode, next);
            egress.Apply(request);
            LaneTrail.Ask(request);
            response = base.Send(request, cancellationToken);
        }

        LaneTrail.Hear(response);
        return response;
    }

    /// <summary>Where the response redirects to; null when it does not, or from TLS to none, as the runtime has it.</summary>
    private static Uri? Next(HttpRequestMessage request, HttpResponseMessage response)
    {
        if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect or HttpStatusCode.MultipleChoices)
            || response.Headers.Location is not { } location)
        {
            return null;
        }

        var next = location.IsAbsoluteUri ? location : new Uri(request.RequestUri!, location);
        if (next.Fragment.Length == 0 && request.RequestUri!.Fragment is { Length: > 0 } fragment)
        {
            next = new UriBuilder(next) { Fragment = fragment }.Uri; // RFC 9110, 10.2.2
        }

        return next.Scheme == Uri.UriSchemeHttps || (next.Scheme == Uri.UriSchemeHttp && request.RequestUri!.Scheme == Uri.UriSchemeHttp) ? next : null;
    }

    private static void Redirect(HttpRequestMessage request, HttpStatusCode status, Uri next)
    {
        request.Headers.Authorization = null;
        if (!Uri.Compare(request.RequestUri!, next, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase).Equals(0))
        {
            request.Options.Set(LaneEgress.InHouse, false);
        }

        request.RequestUri = next;
        var turnsGet = status == HttpStatusCode.SeeOther
            ? request.Method != HttpMethod.Get && request.Method != HttpMethod.Head
            : status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.MultipleChoices && request.Method == HttpMethod.Post;
        if (turnsGet)
        {
            request.Method = HttpMethod.Get;
            request.Content = null;
            request.Headers.TransferEncodingChunked = false;
        }
    }
}
