using Fairway.GrpcWire;
using Fairway.Registry.Etcd.Protocol;
using Microsoft.Extensions.Logging;

namespace Fairway.Registry.Etcd;

/// <summary>etcd's authentication: a token for user and password, sent with every call, asked for again when refused.</summary>
internal sealed class EtcdToken(EtcdOptions options, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _asking = new(1, 1);
    private volatile string? _token;

    public bool IsUsed => !string.IsNullOrEmpty(options.User);

    /// <summary>The token to send; null without a user, empty where etcd's authentication is off.</summary>
    public async ValueTask<string?> GetAsync(EtcdMember member, CancellationToken cancellationToken)
    {
        if (!IsUsed || _token is { } known)
        {
            return _token;
        }

        await _asking.WaitAsync(cancellationToken);
        try
        {
            return _token ??= await AskAsync(member, cancellationToken);
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>Forgets a token that was refused, unless there is a newer one.</summary>
    public void Forget(string refused)
    {
        if (_token == refused)
        {
            _token = null;
        }
    }

    public void Dispose() => _asking.Dispose();

    private async Task<string> AskAsync(EtcdMember member, CancellationToken cancellationToken)
    {
        try
        {
            var response = await member.Channel.UnaryAsync(
                EtcdMethods.Authenticate,
                new AuthenticateRequest { Name = options.User, Password = options.Password },
                new GrpcCallOptions { Deadline = options.AttemptTimeout },
                cancellationToken);
            Log.Authenticated(logger, options.User!);
            return response.Token;
        }
        catch (GrpcException e) when (IsOff(e))
        {
            return "";
        }
    }

    /// <summary>A server that asks nobody who they are; should that change, it refuses calls and is asked again.</summary>
    private static bool IsOff(GrpcException e) =>
        e.Status == GrpcStatus.Unimplemented || (e.Status == GrpcStatus.FailedPrecondition && e.Detail == EtcdErrors.AuthOff);
}
