using System.Net;
using System.Runtime.InteropServices;
using Fairway.Core.Balancing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Client;

/// <summary>
/// Sends <c>http://orders/...</c> to an instance of the service <c>orders</c>: resolved by the directory, picked by the service's
/// policy, counted while in flight, retried within a budget. Hosts with a port or with dots that are no service's name pass unchanged.
/// </summary>
internal sealed class FairwayHandler(
    DirectoryReader reader,
    ServiceCallers callers,
    IRequestRouter router,
    Draws draws,
    ClientMetrics metrics,
    IOptions<FairwayClientOptions> options,
    TimeProvider time,
    ILogger<FairwayHandler> logger) : DelegatingHandler
{
    private readonly ServiceCallers _callers = callers;
    private readonly Draws _draws = draws;
    private readonly ClientMetrics _metrics = metrics;
    private readonly FairwayClientOptions _options = options.Value;
    private readonly TimeProvider _time = time;
    private readonly ILogger _logger = logger;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var uri = request.RequestUri ?? throw new InvalidOperationException("a request without an address");
        var directory = await reader.ReadyAsync(cancellationToken);
        if (directory.Find(HostOf(uri)) is not { } service)
        {
            return !uri.IsDefaultPort || uri.Host.Contains('.', StringComparison.Ordinal) || uri.HostNameType is UriHostNameType.IPv6
                ? await base.SendAsync(request, cancellationToken)
                : throw new FairwayClientException("SERVICE_UNKNOWN", $"No service '{uri.Host}' is registered.");
        }

        var route = router.Route(request, service, directory);
        if (route.Code is { } code)
        {
            throw new FairwayClientException(code, route.Message ?? $"No route to '{service.Name}'.");
        }

        var attempt = new Attempts(this, request, uri, service, route, _callers.Of(service, route.Lane));
        return await attempt.RunAsync(cancellationToken);
    }

    /// <summary>The host as it was written, where that is still to be seen: names of services have a case.</summary>
    private static string HostOf(Uri uri)
    {
        var at = uri.OriginalString.IndexOf(uri.Host, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? uri.Host : uri.OriginalString.Substring(at, uri.Host.Length);
    }

    private static bool IsIdempotent(HttpMethod method) =>
        method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Options || method == HttpMethod.Trace
        || method == HttpMethod.Put || method == HttpMethod.Delete;

    /// <summary>Nothing of the request went out.</summary>
    private static bool IsUnreachable(HttpRequestException exception) => exception.HttpRequestError is
        HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;

    /// <summary>One request, sent as often as it takes and may.</summary>
    private sealed class Attempts(
        FairwayHandler handler, HttpRequestMessage request, Uri uri, ServiceEntry service, RequestRoute route, Caller caller)
    {
        private readonly bool _mayRepeat = IsIdempotent(request.Method) && request.Content is null or ByteArrayContent;
        private readonly List<Endpoint> _tried = [];
        private int _sent;

        public async Task<HttpResponseMessage> RunAsync(CancellationToken cancellationToken)
        {
            var host = request.Headers.Host;
            request.Headers.Host ??= uri.Authority;
            var position = RequestKeys.Position(service.HashKey, request, handler._draws);
            try
            {
                var endpoint = Pick(position) ?? throw Nobody();
                while (true)
                {
                    var began = handler._time.GetTimestamp();
                    Prepare(endpoint);
                    HttpResponseMessage response;
                    try
                    {
                        response = await SendAsync(cancellationToken);
                    }
                    catch (Exception exception) when (exception is HttpRequestException or TimeoutException)
                    {
                        var unreachable = exception is HttpRequestException { } failure && IsUnreachable(failure);
                        End(endpoint, began, unreachable ? "unreachable" : "failed", failed: true, unreachable);
                        if (unreachable || _mayRepeat)
                        {
                            if (Another(endpoint, position) is { } other)
                            {
                                endpoint = other;
                                continue;
                            }
                        }

                        if (exception is TimeoutException)
                        {
                            throw new HttpRequestException("The instance did not answer in time.", exception);
                        }

                        throw;
                    }
                    catch
                    {
                        End(endpoint, began, "given-up", failed: false);
                        throw;
                    }

                    Learn(endpoint, response);
                    if (response.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
                        && _mayRepeat && Another(endpoint, position) is { } next)
                    {
                        End(endpoint, began, "failed", failed: true);
                        response.Dispose();
                        endpoint = next;
                        continue;
                    }

                    var served = endpoint;
                    var failed = (int)response.StatusCode >= 500;
                    response.Content = new CountedContent(
                        response.Content, broken => End(served, began, failed || broken ? "failed" : "ok", failed || broken));
                    return response;
                }
            }
            finally
            {
                request.Headers.Host = host;
                request.RequestUri = uri;
            }
        }

        /// <summary>Null where nobody is left.</summary>
        private Endpoint? Pick(uint position)
        {
            while (caller.Begin(handler._callers.Now, position, CollectionsMarshal.AsSpan(_tried), _sent > 0) is { } endpoint)
            {
                if (route.Offline is null || !route.Offline.Contains(endpoint.View.Address))
                {
                    return endpoint;
                }

                caller.Abandon(endpoint);
                _tried.Add(endpoint);
            }

            return null;
        }

        /// <summary>Whom to send it to after it failed there; null where it must not be sent again or nobody is left.</summary>
        private Endpoint? Another(Endpoint failed, uint position)
        {
            _tried.Add(failed);
            if (_sent >= handler._options.MaxAttempts || Pick(position) is not { } other)
            {
                return null;
            }

            if (!caller.MayRetry(handler._callers.Now))
            {
                caller.Abandon(other);
                return null;
            }

            handler._metrics.Retried(service.Name);
            return other;
        }

        private FairwayClientException Nobody() => route.Lane.Length > 0
            ? new FairwayClientException("LANE_SERVICE_DOWN", $"No instance of '{service.Name}' in lane '{route.Lane}' can serve the request.")
            : new FairwayClientException("NO_PROVIDER", $"No instance of '{service.Name}' can serve the request.");

        private void Prepare(Endpoint endpoint)
        {
            var view = endpoint.View;
            var secure = view.Protocol is "https" or "grpcs";
            request.RequestUri = new Uri($"{(secure ? "https" : "http")}://{view.Address}{uri.PathAndQuery}");
            if (view.Protocol is "grpc" or "grpcs")
            {
                request.Version = HttpVersion.Version20;
                request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            }

            request.Options.Set(RequestKeys.Instance, endpoint.Id);
            request.Options.Set(RequestKeys.Attempts, ++_sent);
        }

        private async Task<HttpResponseMessage> SendAsync(CancellationToken cancellationToken)
        {
            var seconds = handler._options.AttemptTimeoutSeconds;
            if (seconds <= 0)
            {
                return await handler.ForwardAsync(request, cancellationToken);
            }

            using var timer = new CancellationTokenSource(TimeSpan.FromSeconds(seconds), handler._time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
            try
            {
                return await handler.ForwardAsync(request, limit.Token);
            }
            catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"No answer within {seconds} s.");
            }
        }

        private void Learn(Endpoint endpoint, HttpResponseMessage response)
        {
            if (LoadHeaderReader.TryRead(response, out var report))
            {
                caller.Report(endpoint, report, handler._callers.Now);
            }
        }

        private void End(Endpoint endpoint, long began, string result, bool failed, bool unreachable = false)
        {
            var took = handler._time.GetElapsedTime(began);
            handler._metrics.Attempted(service.Name, result, took.TotalSeconds);
            if (caller.End(endpoint, new Outcome(took.TotalMilliseconds, failed) { IsUnreachable = unreachable }, handler._callers.Now))
            {
                handler._metrics.Ejected(service.Name);
                handler._logger.InstanceEjected(service.Name, endpoint.Id, endpoint.View.Address);
            }
        }
    }

    private Task<HttpResponseMessage> ForwardAsync(HttpRequestMessage request, CancellationToken cancellationToken) => base.SendAsync(request, cancellationToken);
}
