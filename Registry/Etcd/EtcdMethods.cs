using Fairway.GrpcWire;
using Fairway.Registry.Etcd.Protocol;

namespace Fairway.Registry.Etcd;

/// <summary>The methods of etcd v3 used here.</summary>
internal static class EtcdMethods
{
    private const string Kv = "etcdserverpb.KV";
    private const string Lease = "etcdserverpb.Lease";
    private const string Maintenance = "etcdserverpb.Maintenance";

    public static GrpcMethod<RangeRequest, RangeResponse> Range { get; } = new(Kv, "Range");

    public static GrpcMethod<PutRequest, PutResponse> Put { get; } = new(Kv, "Put");

    public static GrpcMethod<DeleteRangeRequest, DeleteRangeResponse> DeleteRange { get; } = new(Kv, "DeleteRange");

    public static GrpcMethod<TxnRequest, TxnResponse> Txn { get; } = new(Kv, "Txn");

    public static GrpcMethod<CompactionRequest, CompactionResponse> Compact { get; } = new(Kv, "Compact");

    /// <summary>Messages both ways.</summary>
    public static GrpcMethod<WatchRequest, WatchResponse> Watch { get; } = new("etcdserverpb.Watch", "Watch");

    public static GrpcMethod<LeaseGrantRequest, LeaseGrantResponse> LeaseGrant { get; } = new(Lease, "LeaseGrant");

    public static GrpcMethod<LeaseRevokeRequest, LeaseRevokeResponse> LeaseRevoke { get; } = new(Lease, "LeaseRevoke");

    /// <summary>Messages both ways.</summary>
    public static GrpcMethod<LeaseKeepAliveRequest, LeaseKeepAliveResponse> LeaseKeepAlive { get; } = new(Lease, "LeaseKeepAlive");

    public static GrpcMethod<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse> LeaseTimeToLive { get; } = new(Lease, "LeaseTimeToLive");

    public static GrpcMethod<LeaseLeasesRequest, LeaseLeasesResponse> LeaseLeases { get; } = new(Lease, "LeaseLeases");

    public static GrpcMethod<AuthenticateRequest, AuthenticateResponse> Authenticate { get; } = new("etcdserverpb.Auth", "Authenticate");

    public static GrpcMethod<MemberListRequest, MemberListResponse> MemberList { get; } = new("etcdserverpb.Cluster", "MemberList");

    public static GrpcMethod<StatusRequest, StatusResponse> Status { get; } = new(Maintenance, "Status");

    public static GrpcMethod<AlarmRequest, AlarmResponse> Alarm { get; } = new(Maintenance, "Alarm");
}
