using Fairway.Testing;

namespace Fairway.Browser.Tests;

/// <summary>The chat page as a user has it: what it shows is what the model said, whatever happens in between.</summary>
public sealed class ChatPageTests(Product product, Chromium chromium) : IClassFixture<Product>, IClassFixture<Chromium>
{
    private const string Question = "What is a fairway?";

    [Fact]
    public async Task Ask_SignedIn_ShowsTheAnswerAndKeepsItInHistory()
    {
        await product.SetKnobsAsync(tokensPerSecond: 0);
        await using var profile = await chromium.NewProfileAsync();
        var tab = await ChatTab.OpenAsync(profile, product.Url);
        await tab.SignInAsync("TOKEN " + product.NewToken());

        await tab.AskAsync(Question);
        await tab.UntilDoneAsync();
        Assert.Equal(Expected.Answer(Question), await tab.AnswerAsync());

        await tab.Page.ReloadAsync();
        await tab.UntilDoneAsync();
        Assert.Equal(1, await tab.Turns.CountAsync());
        Assert.Equal(Expected.Answer(Question), await tab.AnswerAsync());
        Assert.Equal(Question, await tab.Page.InnerTextAsync(".turn .asked"));
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task SignIn_BadTokenThenGoodOne_RefusesThenOpens()
    {
        await using var profile = await chromium.NewProfileAsync();
        var tab = await ChatTab.OpenAsync(profile, product.Url);
        await tab.Page.WaitForSelectorAsync("#sign-in:not([hidden])");
        Assert.True(await tab.Page.IsHiddenAsync("#ask"));
        await tab.Page.FillAsync("#token", "nonsense");
        await tab.Page.ClickAsync("#sign-in button");
        await tab.Page.WaitForSelectorAsync("#status.lost");
        Assert.True(await tab.Page.IsHiddenAsync("#ask"));

        await tab.Page.GotoAsync($"{product.Url}/#token={product.NewToken()}"); // a link that signs in
        await tab.Page.ReloadAsync();
        await tab.Page.WaitForSelectorAsync("#ask:not([hidden])");
        Assert.DoesNotContain("token", tab.Page.Url, StringComparison.Ordinal);
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task Reload_InMidAnswer_LosesAndDoublesNothing()
    {
        await product.SetKnobsAsync(tokensPerSecond: 40, tokens: 160);
        await using var profile = await chromium.NewProfileAsync();
        var tab = await OpenAsync(profile);
        await tab.AskAsync(Question);
        for (var letters = 50; letters <= 350; letters += 150)
        {
            await tab.UntilAsync(letters);
            await tab.Page.ReloadAsync();
            await tab.UntilAsync(letters);
            Assert.StartsWith(await tab.AnswerAsync(), Expected.Answer(Question, 160), StringComparison.Ordinal);
        }

        await tab.UntilDoneAsync();
        Assert.Equal(Expected.Answer(Question, 160), await tab.AnswerAsync());
        Assert.Equal(1, await tab.Turns.CountAsync());
        Assert.Equal(Question, await tab.Page.InnerTextAsync(".turn .asked"));
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task AskAgain_InMidAnswer_NeverMixes()
    {
        await product.SetKnobsAsync(tokensPerSecond: 40, tokens: 400);
        await using var profile = await chromium.NewProfileAsync();
        var tab = await OpenAsync(profile);
        await tab.AskAsync("First?");
        await tab.UntilAsync(60);
        await product.SetKnobsAsync(tokensPerSecond: 100, tokens: 60);
        await tab.AskAsync("Second?");
        var frozen = await tab.AnswerAsync(0);
        await tab.UntilDoneAsync();

        Assert.Equal(Expected.Answer("Second?", 60), await tab.AnswerAsync());
        Assert.Equal(frozen, await tab.AnswerAsync(0));
        Assert.StartsWith(frozen, Expected.Answer("First?", 400), StringComparison.Ordinal);
        Assert.Contains("newer question", await tab.EndAsync(0), StringComparison.Ordinal);
        Assert.Equal("", await tab.EndAsync());
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task Stop_InMidAnswer_EndsItWhereItStands()
    {
        await product.SetKnobsAsync(tokensPerSecond: 40, tokens: 4000);
        await using var profile = await chromium.NewProfileAsync();
        var tab = await OpenAsync(profile);
        await tab.AskAsync(Question);
        await tab.UntilAsync(40);
        await tab.Page.ClickAsync("#stop");
        await tab.UntilDoneAsync();

        var answer = await tab.AnswerAsync();
        Assert.Equal("Stopped.", await tab.EndAsync());
        Assert.StartsWith(answer, Expected.Answer(Question, 4000), StringComparison.Ordinal);
        Assert.True(await tab.Page.IsHiddenAsync("#stop"));
        await Eventually.Passes(async () =>
        {
            await tab.Page.ReloadAsync();
            await tab.UntilDoneAsync();
            Assert.Equal(answer, await tab.AnswerAsync());
        });
    }

    [Fact]
    public async Task History_MoreThanAPage_ShowsOlderOnDemand()
    {
        await product.SetKnobsAsync(tokensPerSecond: 0, tokens: 2);
        var token = product.NewToken();
        for (var i = 0; i < 23; i++)
        {
            await AnswerAsync(token, $"question {i}");
        }

        await using var profile = await chromium.NewProfileAsync();
        var tab = await OpenAsync(profile, token);
        await tab.Page.WaitForSelectorAsync("#older:not([hidden])");
        Assert.Equal(20, await tab.Turns.CountAsync());
        await tab.Page.ClickAsync("#older");
        await tab.Page.WaitForFunctionAsync("() => document.querySelectorAll('.turn').length === 23");
        Assert.True(await tab.Page.IsHiddenAsync("#older"));
        Assert.Equal(
            Enumerable.Range(0, 23).Select(i => $"question {i}"),
            await tab.Page.Locator(".turn .asked").AllInnerTextsAsync());
    }

    private async Task<ChatTab> OpenAsync(Microsoft.Playwright.IBrowserContext profile, string? token = null)
    {
        var tab = await ChatTab.OpenAsync(profile, product.Url);
        await tab.SignInAsync(token ?? product.NewToken());
        return tab;
    }

    private async Task AnswerAsync(string token, string question)
    {
        var accepted = await product.CallAsync(
            token, HttpMethod.Post, "/v1/streams", new { messages = new[] { new { role = "user", content = question } } });
        await Eventually.Passes(() => product.CallAsync(token, HttpMethod.Post, accepted.GetProperty("ack").GetString()!));
    }
}
