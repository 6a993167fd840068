using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fairway.GrpcWire.Tests.Messages;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Fairway.GrpcWire.Tests;

public sealed class TlsTests : IDisposable
{
    private readonly X509Certificate2 _certificate = SelfMade("localhost");
    private readonly X509Certificate2 _client = SelfMade("client");

    [Fact]
    public async Task UnaryAsync_CertificateAccepted_SpeaksHttp2OverTls()
    {
        await using var server = await StartAsync(ClientCertificateMode.NoCertificate);
        using var channel = new GrpcChannel(server.Address, new GrpcChannelOptions { ServerCertificateValidation = IsOurs });

        Assert.Equal("HTTP/2 https ", (await channel.UnaryAsync(Echo.Unary, new Text())).Value);
    }

    [Fact]
    public async Task UnaryAsync_ClientCertificateAskedFor_IsPresented()
    {
        await using var server = await StartAsync(ClientCertificateMode.RequireCertificate);
        using var channel = new GrpcChannel(server.Address, new GrpcChannelOptions
        {
            ServerCertificateValidation = IsOurs,
            ClientCertificates = [_client],
        });

        Assert.Equal("HTTP/2 https CN=client", (await channel.UnaryAsync(Echo.Unary, new Text())).Value);
    }

    [Fact]
    public async Task UnaryAsync_CertificateNotTrusted_IsUnavailable()
    {
        await using var server = await StartAsync(ClientCertificateMode.NoCertificate);
        using var channel = new GrpcChannel(server.Address);

        var e = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(Echo.Unary, new Text()));

        Assert.Equal(GrpcStatus.Unavailable, e.Status);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _client.Dispose();
    }

    private static X509Certificate2 SelfMade(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private bool IsOurs(object sender, X509Certificate? certificate, X509Chain? chain, System.Net.Security.SslPolicyErrors errors) =>
        certificate?.GetCertHashString() == _certificate.GetCertHashString();

    private Task<TestServer> StartAsync(ClientCertificateMode mode) => TestServer.StartAsync(
        app => app.MapGrpcUnary(Echo.Unary, (_, context) => Task.FromResult(new Text
        {
            Value = $"{context.Http.Request.Protocol} {context.Http.Request.Scheme} {context.Http.Connection.ClientCertificate?.Subject}",
        })),
        listen: listen => listen.UseHttps(_certificate, https =>
        {
            https.ClientCertificateMode = mode;
            https.AllowAnyClientCertificate();
        }));
}
