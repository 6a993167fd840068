using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Sdk.Tests.Lanes;

public sealed class EgressTests : IAsyncLifetime
{
    private static readonly Label All = Label.Of("blue", true, "10.0.0.1:80");

    private LaneHost _next = null!;
    private LaneHost _host = null!;

    public async Task InitializeAsync()
    {
        _next = await LaneHost.StartAsync();
        _host = await LaneHost.StartAsync(new() { ["Lanes:AllowedHosts:0"] = "*.ours.test" }, foreign: _next.Address);
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _next.DisposeAsync();
    }

    [Fact]
    public async Task Hop_AllowedHost_CarriesTheLabelUnchanged()
    {
        var signed = LaneHost.Signed(All);
        Assert.Equal("blue|1|10.0.0.1:80", await _host.GetAsync($"/hop?to={_next.Address}label", signed));
        Assert.Equal(
            $"baggage: lane=blue,stress=1\nx-infr-flowtype: blue\nx-infr-offline: 10.0.0.1:80\nx-infr-stress: 1\nx-lane-sig: {signed[LabelHeaders.Signature]}",
            await _host.GetAsync($"/hop?to={_next.Address}headers", signed));
        Assert.Equal("blue|1|10.0.0.1:80", await _host.GetAsync("/hop?to=http://a.ours.test/label", signed));
    }

    [Fact]
    public async Task Hop_NoLabel_CarriesNothing() => Assert.Equal("", await _host.GetAsync($"/hop?to={_next.Address}headers"));

    [Theory]
    [InlineData("http://foreign.test/headers")]
    [InlineData("http://ours.test/headers")] // *.ours.test are the names under it
    [InlineData("http://a.ours.test.evil.test/headers")]
    [InlineData("http://a.ours.test@foreign.test/headers")]
    public async Task Hop_ForeignHost_CarriesNothing(string to) =>
        Assert.Equal("", await _host.GetAsync($"/hop?to={Uri.EscapeDataString(to)}", LaneHost.Signed(All)));

    [Theory]
    [InlineData("http://foreign.test/headers", "")]
    [InlineData("http://b.ours.test/label", "blue|1|10.0.0.1:80")]
    public async Task Hop_Redirected_DecidesAnew(string to, string expected) => Assert.Equal(
        expected,
        await _host.GetAsync($"/hop?to={Uri.EscapeDataString($"http://a.ours.test/redirect?to={Uri.EscapeDataString(to)}")}", LaneHost.Signed(All)));

    [Fact]
    public async Task Hop_HeadersSetByHand_AreReplacedByTheLabelOrGo()
    {
        var client = _host.App.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        foreach (var (name, value) in (KeyValuePair<string, string>[])[.. LaneHost.Signed(All), new("baggage", "lane=blue,team=x")])
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }

        Assert.Equal("baggage: team=x", await client.GetStringAsync("http://foreign.test/headers"));
        Assert.Equal("base||", await client.GetStringAsync(new Uri(_next.Address, "label")));
        using (LaneContext.Use(Label.Of("green")))
        {
            Assert.Equal("green||", await client.GetStringAsync(new Uri(_next.Address, "label")));
            Assert.Equal("baggage: team=x", await client.GetStringAsync("http://foreign.test/headers"));
        }
    }

    [Fact]
    public async Task HeadersOf_SignatureAboutToEnd_IsMadeAnew()
    {
        var clock = new ManualClock();
        await using var host = await LaneHost.StartAsync(time: clock);
        var ingress = host.App.Services.GetRequiredService<LaneIngress>();
        var egress = host.App.Services.GetRequiredService<LaneEgress>();
        var came = LaneHost.Signed(Label.Of("blue"), clock.GetUtcNow(), seconds: 60);
        Assert.True(ingress.TryRead("blue", "", "", came[LabelHeaders.Signature], out var label, out _));
        Assert.Equal(came[LabelHeaders.Signature], egress.HeadersOf(label)[^1].Value);

        clock.Advance(TimeSpan.FromHours(1)); // as in an outbox
        var anew = egress.HeadersOf(LabelText.Read(LabelText.Write(label)));
        Assert.NotEqual(came[LabelHeaders.Signature], anew[^1].Value);
        Assert.True(ingress.TryRead("blue", "", "", anew[^1].Value, out var again, out _));
        Assert.Equal(label, again);
        Assert.Equal(clock.GetUtcNow().AddSeconds(300).ToUnixTimeSeconds(), LabelKeys.ExpiryOf(anew[^1].Value).ToUnixTimeSeconds());
    }

    [Fact]
    public async Task HeadersOf_NoKey_LeavesNothingRatherThanUnsigned()
    {
        await using var host = await LaneHost.StartAsync(new() { [$"Lanes:Keys:{LaneHost.Kid}"] = null });
        Assert.Empty(host.App.Services.GetRequiredService<LaneEgress>().HeadersOf(Label.Of("blue")));
    }

    [Theory]
    [InlineData("http://127.0.0.1:80", true)]
    [InlineData("http://[::1]:80", true)]
    [InlineData("http://localhost", true)]
    [InlineData("http://LOCALHOST.", true)]
    [InlineData("http://pay.example", true)]
    [InlineData("http://PAY.example.:1234", true)]
    [InlineData("http://x.pay.example", false)]
    [InlineData("http://only.example:8080", true)]
    [InlineData("http://only.example", false)]
    [InlineData("http://a.svc.local", true)]
    [InlineData("http://svc.local", false)]
    [InlineData("http://asvc.local", false)]
    [InlineData("http://10.1.2.3:99", true)]
    [InlineData("http://[::ffff:10.1.2.3]", true)]
    [InlineData("http://11.1.2.3", false)]
    [InlineData("http://192.0.2.7", true)]
    [InlineData("http://example", false)]
    public void Allows_Table(string uri, bool allowed) => Assert.Equal(
        allowed, new AllowedHosts(["pay.example", "only.example:8080", "*.svc.local", "10.0.0.0/8", "192.0.2.7"]).Allows(new Uri(uri)));

    [Theory]
    [InlineData("a.example", true)]
    [InlineData("*.a.example", true)]
    [InlineData("a:80", true)]
    [InlineData("::1", true)]
    [InlineData("10.0.0.0/8", true)]
    [InlineData("", false)]
    [InlineData("*", false)]
    [InlineData("a.*", false)]
    [InlineData("http://a", false)]
    [InlineData("10.0.0.0/99", false)]
    [InlineData("a b", false)]
    public void IsRule_Table(string rule, bool valid)
    {
        Assert.Equal(valid, AllowedHosts.IsRule(rule));
        Assert.Equal(valid, new LaneOptionsValidator().Validate(null, new LaneOptions { AllowedHosts = [rule] }).Succeeded);
    }

    [Fact]
    public void Validate_BadSettings_AreNamed()
    {
        var failures = new LaneOptionsValidator().Validate(
            null, new LaneOptions { Keys = { ["a"] = "x", ["b"] = "y" }, SignatureSeconds = 1, RenewSeconds = -1 }).Failures!.ToList();
        Assert.Equal(3, failures.Count);
        Assert.All(failures, failure => Assert.StartsWith("BAD_FIELD: Lanes:", failure, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("lane=blue", null)]
    [InlineData("a=1, lane=blue;x=y ,stress = 1,b=2;p", "a=1,b=2;p")]
    [InlineData("lanes=x,stressed=1", "lanes=x,stressed=1")]
    [InlineData(",,a=1,", "a=1")]
    public void Without_Baggage_LosesOurMembersOnly(string? baggage, string? rest) => Assert.Equal(rest, Baggage.Without(baggage));
}
