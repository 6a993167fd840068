using System.Runtime.CompilerServices;
using Fairway.GrpcWire;
using Fairway.Registry.Etcd.Protocol;

namespace Fairway.Registry.Etcd;

/// <summary>
/// One watch on a stream of its own. A stream that says nothing is asked for progress and, when that is not answered,
/// given up: a connection may be half-open for minutes before TCP notices.
/// </summary>
internal sealed class EtcdWatch(EtcdCaller caller, EtcdOptions options, TimeProvider time)
{
    private static readonly WatchRequest Progress = new() { ProgressRequest = new WatchProgressRequest() };

    public async IAsyncEnumerable<WatchBatch> ReadAsync(
        string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (member, headers, token) = await caller.OpenAsync(cancellationToken);
        await using var call = member.Channel.Duplex(EtcdMethods.Watch, new GrpcCallOptions { Headers = headers }, cancellationToken);
        await using var responses = call.ReadAllAsync(CancellationToken.None).GetAsyncEnumerator(CancellationToken.None);
        var fragments = new List<Event>();
        var created = false;
        while (true)
        {
            WatchResponse response;
            try
            {
                if (!created)
                {
                    await call.WriteAsync(EtcdMessages.Watch(prefix, fromRevision), CancellationToken.None)
                        .WaitAsync(options.RequestTimeout, time, cancellationToken);
                }

                response = await NextAsync(call, responses, created, cancellationToken);
                created = true;
            }
            catch (Exception e) when (e is GrpcException or TimeoutException)
            {
                throw Broken(member, token, e, cancellationToken);
            }

            if (response.Canceled)
            {
                throw Cancelled(member, token, response);
            }

            fragments.AddRange(response.Events);
            if (response.Fragment)
            {
                continue;
            }

            if (fragments.Count == 0)
            {
                yield return new WatchBatch(response.Header.Revision, []) { ClusterId = response.Header.ClusterId };
            }
            else
            {
                yield return EtcdMessages.Batch(fragments, response.Header.ClusterId);
                fragments = [];
            }
        }
    }

    private async Task<WatchResponse> NextAsync(
        GrpcDuplexCall<WatchRequest, WatchResponse> call,
        IAsyncEnumerator<WatchResponse> responses,
        bool created,
        CancellationToken cancellationToken)
    {
        var next = responses.MoveNextAsync().AsTask();
        try
        {
            if (created && !await IsDoneAsync(next, options.ProgressInterval, cancellationToken))
            {
                await call.WriteAsync(Progress, CancellationToken.None).WaitAsync(options.ProgressTimeout, time, cancellationToken);
            }

            return await next.WaitAsync(created ? options.ProgressTimeout : options.RequestTimeout, time, cancellationToken)
                ? responses.Current
                : throw new GrpcException(GrpcStatus.Unavailable, "The member ended the watch.");
        }
        catch when (!next.IsCompleted)
        {
            // The read must be over before the enumerator may be disposed.
            await call.DisposeAsync();
            await next.ContinueWith(static read => _ = read.Exception, TaskScheduler.Default);
            throw;
        }
    }

    private async Task<bool> IsDoneAsync(Task task, TimeSpan within, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(within, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private Exception Broken(EtcdMember member, string token, Exception cause, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return new OperationCanceledException(cancellationToken);
        }

        if (cause is GrpcException e)
        {
            caller.Broken(member, token, e.Status, e.Detail);
            return EtcdErrors.Translate(e);
        }

        const string Silent = "The watch is silent and does not answer.";
        caller.Broken(member, token, GrpcStatus.DeadlineExceeded, Silent);
        return new RegistryException(RegistryError.Away, Silent, cause);
    }

    private RegistryException Cancelled(EtcdMember member, string token, WatchResponse response)
    {
        if (response.CompactRevision != 0)
        {
            return new RegistryException(RegistryError.Compacted, "The watched revision is compacted.") { CompactRevision = response.CompactRevision };
        }

        // etcd 3.4 writes the whole status there: "rpc error: code = ... desc = etcdserver: ...".
        var reason = response.CancelReason[(response.CancelReason.IndexOf("etcdserver:", StringComparison.Ordinal) is > 0 and var at ? at : 0)..];
        var status = reason switch
        {
            EtcdErrors.InvalidToken or EtcdErrors.UserEmpty or EtcdErrors.OldAuthRevision => GrpcStatus.Unauthenticated,
            EtcdErrors.PermissionDenied => GrpcStatus.PermissionDenied,
            _ => GrpcStatus.Unavailable,
        };
        caller.Broken(member, token, status, reason);
        return EtcdErrors.Translate(status, reason, 0, null);
    }
}
