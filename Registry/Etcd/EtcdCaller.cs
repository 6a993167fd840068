using Fairway.GrpcWire;
using Microsoft.Extensions.Logging;

namespace Fairway.Registry.Etcd;

/// <summary>Whether a call may be sent again when nobody knows whether it was executed.</summary>
internal enum Retry
{
    /// <summary>It does the same twice as once.</summary>
    Always,

    /// <summary>Only where it surely never reached a member.</summary>
    IfNeverSent,
}

/// <summary>
/// Runs calls against the cluster: sends the token, bounds each attempt, goes on to the next member when one is away or
/// stuck, and turns failures into <see cref="RegistryException"/>.
/// </summary>
internal sealed class EtcdCaller(
    EtcdOptions options, TimeProvider time, ILogger logger, RegistryMetrics? metrics) : IDisposable
{
    private const int Rounds = 2;
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMilliseconds(100);

    private readonly EtcdMembers _members = new(options, time, logger, metrics);
    private readonly EtcdToken _token = new(options, logger);

    /// <summary>One attempt: a member, what to send along, and the token that ends it.</summary>
    public delegate Task<T> Attempt<T>(EtcdMember member, GrpcCallOptions call, CancellationToken cancellationToken);

    public long Connections => _members.Connections;

    public async Task<T> RunAsync<T>(string method, Retry retry, Attempt<T> attempt, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var renewedToken = false;
        for (var failures = 0; ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var member = _members.Current;
            var left = options.RequestTimeout - time.GetElapsedTime(started);
            var deadline = retry == Retry.Always && left > options.AttemptTimeout ? options.AttemptTimeout : left;
            var attempted = time.GetTimestamp();
            string? token = null;
            try
            {
                token = await _token.GetAsync(member, cancellationToken);
                var result = await attempt(member, new GrpcCallOptions { Deadline = deadline, Headers = Headers(token) }, cancellationToken);
                metrics?.Request(method, nameof(GrpcStatus.Ok), time.GetElapsedTime(attempted));
                return result;
            }
            catch (GrpcException e)
            {
                metrics?.Request(method, e.Status.ToString(), time.GetElapsedTime(attempted));
                cancellationToken.ThrowIfCancellationRequested();
                if (_token.IsUsed && token is not null && !renewedToken && EtcdErrors.NeedsToken(e.Status, e.Detail))
                {
                    renewedToken = true;
                    _token.Forget(token);
                    continue;
                }

                if (!IsAway(e))
                {
                    throw EtcdErrors.Translate(e);
                }

                _members.Leave(member, e.Message);
                // Without a token the call itself was not sent: what failed was asking for one.
                var mayRepeat = retry == Retry.Always || NeverSent(e) || (_token.IsUsed && token is null);
                if (!mayRepeat || ++failures >= _members.Count * Rounds || time.GetElapsedTime(started) >= options.RequestTimeout)
                {
                    throw EtcdErrors.Translate(e);
                }
            }

            if (failures % _members.Count == 0)
            {
                await Task.Delay(BetweenRounds, time, cancellationToken);
            }
        }
    }

    /// <summary>The member to open a stream to, with what to send along; the call fails as a unary one does.</summary>
    public Task<(EtcdMember Member, GrpcMetadata Headers, string Token)> OpenAsync(CancellationToken cancellationToken) => RunAsync(
        "Open",
        Retry.Always,
        (member, call, _) => Task.FromResult((member, call.Headers!, call.Headers!["token"] ?? "")),
        cancellationToken);

    /// <summary>Notes that a stream to a member broke: the next is opened elsewhere, with a new token where that was why.</summary>
    public void Broken(EtcdMember member, string token, GrpcStatus status, string reason)
    {
        if (EtcdErrors.NeedsToken(status, reason) || reason == EtcdErrors.PermissionDenied)
        {
            // etcd 3.4 calls an unknown token on a watch a denied permission.
            _token.Forget(token);
        }
        else
        {
            _members.Leave(member, reason);
        }
    }

    public void Dispose()
    {
        _members.Dispose();
        _token.Dispose();
    }

    /// <summary>Whether another member may do better.</summary>
    private static bool IsAway(GrpcException e) =>
        e.Status is GrpcStatus.Unavailable or GrpcStatus.DeadlineExceeded or GrpcStatus.Cancelled or GrpcStatus.Internal or GrpcStatus.Unknown;

    private static bool NeverSent(GrpcException e)
    {
        for (var cause = e.InnerException; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpRequestException
                {
                    HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
                })
            {
                return true;
            }
        }

        return false;
    }

    private static GrpcMetadata Headers(string? token)
    {
        // A member cut off from its leader refuses at once in place of waiting.
        var headers = new GrpcMetadata().Add("hasleader", "true");
        return string.IsNullOrEmpty(token) ? headers : headers.Add("token", token);
    }
}
