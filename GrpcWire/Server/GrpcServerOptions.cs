namespace Fairway.GrpcWire;

/// <summary>What a server sets for all its gRPC methods.</summary>
public sealed class GrpcServerOptions
{
    /// <summary>Largest message received or sent, in bytes; 4 MiB. Above it a call ends in RESOURCE_EXHAUSTED.</summary>
    public int MaxMessageBytes { get; set; } = 4 * 1024 * 1024;
}
