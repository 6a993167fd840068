using Google.Protobuf;

namespace Fairway.GrpcWire;

/// <summary>A method of a gRPC service: its path and the types that travel. Whether it streams is the caller's choice of call.</summary>
public sealed class GrpcMethod<TRequest, TResponse>
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>, new()
{
    /// <param name="service">Full name with its package: <c>grpc.health.v1.Health</c>.</param>
    /// <param name="name">Name of the method: <c>Check</c>.</param>
    public GrpcMethod(string service, string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(service);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Service = service;
        Name = name;
        Path = $"/{service}/{name}";
    }

    public string Service { get; }

    public string Name { get; }

    /// <summary><c>/service/name</c>.</summary>
    public string Path { get; }

    internal MessageParser<TRequest> Requests { get; } = new(() => new TRequest());

    internal MessageParser<TResponse> Responses { get; } = new(() => new TResponse());
}
