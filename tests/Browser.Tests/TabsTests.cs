using Fairway.Testing;
using Microsoft.Playwright;

namespace Fairway.Browser.Tests;

/// <summary>Several tabs of one browser: one connection, one answer, whichever of them goes, and a Gateway that goes under them.</summary>
public sealed class TabsTests(Product product, Chromium chromium) : IClassFixture<Product>, IClassFixture<Chromium>
{
    private const string Readers = "fairway_gateway_stream_readers";
    private const string Question = "What is a stream?";

    [Fact]
    public async Task TwoTabs_InMidAnswer_ShareOneConnectionAndShowTheSame()
    {
        await product.SetKnobsAsync(tokensPerSecond: 30, tokens: 150);
        await using var profile = await chromium.NewProfileAsync();
        var (one, two) = await OpenTwoAsync(profile);
        await one.AskAsync(Question);
        await one.UntilAsync(60);
        await two.UntilAsync(60);
        Assert.Equal(1, await product.MetricAsync(Readers));
        var three = await ChatTab.OpenAsync(profile, product.Url); // comes in mid-answer
        await three.UntilAsync(60);
        Assert.Equal(1, await product.MetricAsync(Readers));

        foreach (var tab in new[] { one, two, three })
        {
            await tab.UntilDoneAsync();
            Assert.Equal(Expected.Answer(Question, 150), await tab.AnswerAsync());
            Assert.Equal(Question, await tab.Page.InnerTextAsync(".turn .asked"));
            Assert.Equal(1, await tab.Turns.CountAsync());
            Assert.Empty(tab.Complaints);
        }

        // and the other way round: the second tab asks, the first shows it
        await product.SetKnobsAsync(tokensPerSecond: 0);
        await two.AskAsync("And back?");
        await one.Page.WaitForFunctionAsync("() => document.querySelectorAll('.turn').length === 2");
        await one.UntilDoneAsync();
        Assert.Equal(Expected.Answer("And back?"), await one.AnswerAsync());
    }

    [Fact]
    public async Task LeaderClosed_InMidAnswer_TheOtherGoesOnWhereItWas()
    {
        await product.SetKnobsAsync(tokensPerSecond: 30, tokens: 150);
        await using var profile = await chromium.NewProfileAsync();
        var (leader, other) = await OpenTwoAsync(profile); // the first one has the lock
        await other.AskAsync(Question);
        await other.UntilAsync(60);

        await leader.Page.CloseAsync();
        await other.UntilDoneAsync();

        Assert.Equal(Expected.Answer(Question, 150), await other.AnswerAsync());
        Assert.Equal(1, await other.Turns.CountAsync());
        Assert.Equal("", await other.EndAsync());
        Assert.Empty(other.Complaints);
    }

    [Fact]
    public async Task GatewayRestarted_InMidAnswer_TheAnswerIsWholeInBothTabs()
    {
        await product.SetKnobsAsync(tokensPerSecond: 60, tokens: 200);
        await using var profile = await chromium.NewProfileAsync();
        var (one, two) = await OpenTwoAsync(profile);
        await one.AskAsync(Question);
        await one.UntilAsync(60);

        await product.Gateway.StopAsync(TimeSpan.FromSeconds(60));
        await product.StartGatewayAsync();

        foreach (var tab in new[] { one, two })
        {
            await tab.UntilDoneAsync();
            Assert.Equal(Expected.Answer(Question, 200), await tab.AnswerAsync());
            Assert.Equal("", await tab.EndAsync());
            Assert.Empty(tab.Complaints);
        }
    }

    [Fact]
    public async Task GatewayKilled_InMidAnswer_BothTabsShowWhatCameAndOneCodedEnd()
    {
        await product.SetKnobsAsync(tokensPerSecond: 30, tokens: 2000);
        await using var profile = await chromium.NewProfileAsync();
        var (one, two) = await OpenTwoAsync(profile);
        await two.AskAsync(Question);
        await two.UntilAsync(60);
        await one.UntilAsync(60);

        product.Gateway.Kill();
        await product.StartGatewayAsync();

        foreach (var tab in new[] { one, two })
        {
            await tab.UntilDoneAsync();
            Assert.StartsWith(await tab.AnswerAsync(), Expected.Answer(Question, 2000), StringComparison.Ordinal);
            Assert.StartsWith("INTERRUPTED", await tab.EndAsync(), StringComparison.Ordinal);
        }

        await product.SetKnobsAsync(tokensPerSecond: 0);
        await one.AskAsync("And again?"); // the page is as good as new
        await two.Page.WaitForFunctionAsync("() => document.querySelectorAll('.turn').length === 2");
        await two.UntilDoneAsync();
        Assert.Equal(Expected.Answer("And again?"), await two.AnswerAsync());
    }

    [Fact]
    public async Task SignIn_InOneTab_OpensTheOthersToo()
    {
        await using var profile = await chromium.NewProfileAsync();
        var one = await ChatTab.OpenAsync(profile, product.Url);
        var two = await ChatTab.OpenAsync(profile, product.Url);
        await one.Page.WaitForSelectorAsync("#sign-in:not([hidden])");
        await two.Page.WaitForSelectorAsync("#sign-in:not([hidden])");

        await two.SignInAsync(product.NewToken());

        await one.Page.WaitForSelectorAsync("#ask:not([hidden])");
        Assert.Empty(one.Complaints);
    }

    private async Task<(ChatTab One, ChatTab Two)> OpenTwoAsync(IBrowserContext profile)
    {
        var one = await ChatTab.OpenAsync(profile, product.Url);
        await one.SignInAsync(product.NewToken());
        var two = await ChatTab.OpenAsync(profile, product.Url);
        await two.Page.WaitForSelectorAsync("#ask:not([hidden])");
        await Eventually.TrueAsync(async () => await product.MetricAsync(Readers) == 0);
        return (one, two);
    }
}
