using System.Net;
using System.Text;

namespace Fairway.Edge.Tests;

/// <summary>Where a path goes, and as what it arrives.</summary>
[Collection(EdgeCollection.Name)]
public sealed class RoutingTests(EdgeFixture fixture) : IAsyncLifetime
{
    private Service _service = null!;

    public async Task InitializeAsync()
    {
        _service = await Service.StartAsync("one");
        await fixture.PutAsync("orders", Listing.Of(_service.Line()));
    }

    public async Task DisposeAsync() => await _service.DisposeAsync();

    [Theory]
    [InlineData("/orders/a/b?c=1&d=%20", "/a/b?c=1&d=%20")]
    [InlineData("/orders/", "/")]
    [InlineData("/orders", "/")]
    [InlineData("/orders?x=1", "/?x=1")]
    [InlineData("/orders/a%20b%2Fc", "/a%20b%2Fc")]
    [InlineData("/orders//double", "//double")]
    [InlineData("/orders/%C3%A9", "/%C3%A9")]
    public async Task Get_UnderAService_ArrivesThereWithoutThePrefix(string path, string target)
    {
        var reply = await fixture.Edge.GetAsync(path);

        Assert.Equal("one", reply.Id);
        Assert.Equal(target, reply.Json.GetProperty("target").GetString());
    }

    [Fact]
    public async Task Post_WithABody_ArrivesWhole()
    {
        var body = string.Concat(Enumerable.Repeat("0123456789", 20_000));

        var reply = await fixture.Edge.SendAsync(HttpMethod.Post, "/orders/x", new StringContent(body, Encoding.UTF8));

        Assert.Equal(body, reply.Json.GetProperty("body").GetString());
        Assert.Equal("POST", reply.Json.GetProperty("method").GetString());
    }

    [Fact]
    public async Task Get_Forwarded_KeepsTheHostAndSaysForWhom()
    {
        var reply = await fixture.Edge.GetAsync("/orders/", ("Host", "shop.example"));

        Assert.Equal("shop.example", reply.Got("host"));
        Assert.Equal("127.0.0.1", reply.Got("x-forwarded-for"));
        Assert.Equal("http", reply.Got("x-forwarded-proto"));
        Assert.Null(reply.Got("connection"));
    }

    [Fact]
    public async Task Get_ServiceNobodyRegistered_IsNoProvider() =>
        (await fixture.Edge.GetAsync("/nobody/x")).AssertRefused(HttpStatusCode.ServiceUnavailable, "NO_PROVIDER");

    [Theory]
    [InlineData("/v1/services")]
    [InlineData("/v1/services/orders/policy")]
    [InlineData("/v1/lanes")]
    [InlineData("/v1/edge/snapshot")]
    [InlineData("/v1/grains")]
    [InlineData("/v1/offline/127.0.0.1:80")]
    [InlineData("/v1/streams/../services/orders/policy")]
    [InlineData("/v1/streams/%2e%2e/services/orders/policy")]
    [InlineData("/metrics")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/console")]
    [InlineData("/dashboard/x")]
    [InlineData("/base/x")]
    [InlineData("/edge")]
    public async Task Get_WhatSteers_IsNotForwarded(string path)
    {
        using var raw = new RawRequest(fixture.Edge.Port);
        var reply = await raw.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 404 ", reply, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"NOT_FOUND\"", reply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/or%64ers/x")]
    [InlineData("/a:b/x")]
    [InlineData("/~/x")]
    public async Task Get_NameOfABadForm_IsBadName(string path)
    {
        using var raw = new RawRequest(fixture.Edge.Port);
        var reply = await raw.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", reply, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"BAD_NAME\"", reply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/lists")]
    [InlineData("/assets/style.css")]
    [InlineData("/fairway-client.js")]
    public async Task Get_APage_ComesFromTheGateway(string path) => Assert.Equal("gateway", (await fixture.Edge.GetAsync(path)).Id);

    [Fact]
    public async Task Post_BodyTooLarge_IsRefusedWithACode()
    {
        using var raw = new RawRequest(fixture.Edge.Port);
        var reply = await raw.SendAsync("POST /orders/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 413 ", reply, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"BODY_TOO_LARGE\"", reply, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_Refused_HasNoBody()
    {
        var reply = await fixture.Edge.SendAsync(HttpMethod.Head, "/nobody/x", null);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.Status);
        Assert.Equal("", reply.Text);
    }
}
