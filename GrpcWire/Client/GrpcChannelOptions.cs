using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Fairway.GrpcWire;

/// <summary>What a channel sets for all its calls.</summary>
public sealed record GrpcChannelOptions
{
    /// <summary>The clock of deadlines.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Largest message sent or received, in bytes; 4 MiB. Above it a call ends in RESOURCE_EXHAUSTED.</summary>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long a connection may take to come up before its calls end in UNAVAILABLE; 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Send an HTTP/2 ping after this long without a frame from the peer while calls are under way; at least
    /// 1 s, null (the default) for never. Many servers refuse pings more frequent than they allow.
    /// </summary>
    public TimeSpan? KeepAlivePingDelay { get; init; }

    /// <summary>A ping unanswered for this long ends the connection and its calls with UNAVAILABLE; 5 s, at least 1 s.</summary>
    public TimeSpan KeepAlivePingTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Decides about the server's certificate in place of the system's trust; null for the system's.</summary>
    public RemoteCertificateValidationCallback? ServerCertificateValidation { get; init; }

    /// <summary>Certificates to present to a server that asks for one.</summary>
    public X509CertificateCollection? ClientCertificates { get; init; }

    /// <summary>
    /// Sends the requests in place of sockets, for tests in one process. It stays the caller's to dispose,
    /// and the options of connection and TLS above have no effect.
    /// </summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>Puts handlers of the caller's around what sends the requests, to add metadata to every call; null for none. Disposed with the channel.</summary>
    public Func<HttpMessageHandler, HttpMessageHandler>? Wrap { get; init; }
}
