using Fairway.GrpcWire;
using Fairway.Registry.Etcd;
using Fairway.Registry.Etcd.Protocol;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Registry.Memory;

/// <summary>The subset of etcd v3 that etcd's clients need: KV, Lease, Watch, and of Cluster and Maintenance what etcdctl asks.</summary>
public static class EtcdEndpointExtensions
{
    // There is one member, in one term; clients only look whether they change.
    private const ulong MemberId = 1;
    private const ulong Term = 1;

    /// <summary>Answers etcd's calls from the registry. The endpoint must speak HTTP/2.</summary>
    public static IEndpointRouteBuilder MapEtcd(this IEndpointRouteBuilder endpoints, MemoryRegistry registry)
    {
        endpoints.MapGrpcUnary(EtcdMethods.Range, (request, _) => Answer(registry, registry.Kv.Range, request, r => r.Header));
        endpoints.MapGrpcUnary(EtcdMethods.Put, (request, _) => Answer(registry, registry.Kv.Put, request, r => r.Header));
        endpoints.MapGrpcUnary(EtcdMethods.DeleteRange, (request, _) => Answer(registry, registry.Kv.DeleteRange, request, r => r.Header));
        endpoints.MapGrpcUnary(EtcdMethods.Txn, (request, _) => Answer(registry, registry.Kv.Txn, request, r => r.Header));
        endpoints.MapGrpcUnary(EtcdMethods.Compact, (request, _) => Answer(registry, registry.Kv.Compact, request, r => r.Header));
        MapLeases(endpoints, registry);
        var time = endpoints.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System;
        endpoints.MapGrpcDuplex(EtcdMethods.Watch, async (requests, responses, call) =>
        {
            using var connection = new WatchConnection(registry, responses, time);
            await connection.RunAsync(requests, call.Cancellation);
        });
        endpoints.MapGrpcUnary(EtcdMethods.MemberList, (_, call) => Task.FromResult(Members(registry, call)));
        endpoints.MapGrpcUnary(EtcdMethods.Status, (_, _) => Task.FromResult(Status(registry)));
        endpoints.MapGrpcUnary(EtcdMethods.Alarm, (_, _) => Task.FromResult(new AlarmResponse { Header = Header(registry) }));
        return endpoints;
    }

    /// <summary>A header with the revision now.</summary>
    internal static ResponseHeader Header(MemoryRegistry registry) =>
        Stamp(registry, new ResponseHeader { Revision = registry.Revision });

    internal static ResponseHeader Stamp(MemoryRegistry registry, ResponseHeader header)
    {
        header.ClusterId = registry.ClusterId;
        header.MemberId = MemberId;
        header.RaftTerm = Term;
        return header;
    }

    private static void MapLeases(IEndpointRouteBuilder endpoints, MemoryRegistry registry)
    {
        var leases = registry.Leases;
        endpoints.MapGrpcUnary(EtcdMethods.LeaseGrant, (request, _) => Answer(registry, leases.Grant, request, r => r.Header));
        endpoints.MapGrpcUnary(EtcdMethods.LeaseRevoke, (request, _) => Answer(registry, leases.Revoke, request, r => r.Header));
        endpoints.MapGrpcUnary(EtcdMethods.LeaseTimeToLive, (request, _) => Answer(registry, leases.TimeToLive, request, r => r.Header));
        endpoints.MapGrpcUnary(EtcdMethods.LeaseLeases, (request, _) => Answer(registry, _ => leases.Leases(), request, r => r.Header));
        endpoints.MapGrpcDuplex(EtcdMethods.LeaseKeepAlive, async (requests, responses, call) =>
        {
            await foreach (var request in requests.WithCancellation(call.Cancellation))
            {
                await responses.WriteAsync(await Answer(registry, leases.KeepAlive, request, r => r.Header));
            }
        });
    }

    private static Task<TResponse> Answer<TRequest, TResponse>(
        MemoryRegistry registry, Func<TRequest, TResponse> handler, TRequest request, Func<TResponse, ResponseHeader> header)
    {
        try
        {
            var response = handler(request);
            Stamp(registry, header(response));
            return Task.FromResult(response);
        }
        catch (StoreException e)
        {
            throw new GrpcException(e.Status, e.Message, inner: e);
        }
    }

    private static MemberListResponse Members(MemoryRegistry registry, GrpcServerContext call)
    {
        var member = new Member { ID = MemberId, Name = "fairway" };
        member.ClientURLs.Add($"{call.Http.Request.Scheme}://{call.Http.Request.Host}");
        var response = new MemberListResponse { Header = Header(registry) };
        response.Members.Add(member);
        return response;
    }

    private static StatusResponse Status(MemoryRegistry registry)
    {
        var revision = (ulong)registry.Revision;
        return new StatusResponse
        {
            Header = Header(registry),
            Version = "3.4.0", // of the protocol: clients switch features by it
            Leader = MemberId,
            RaftIndex = revision,
            RaftAppliedIndex = revision,
            RaftTerm = Term,
        };
    }
}
