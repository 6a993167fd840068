using Microsoft.Playwright;

namespace Fairway.Browser.Tests;

/// <summary>One tab with the chat page, and what its console complained of.</summary>
internal sealed class ChatTab(IPage page)
{
    private readonly List<string> _complaints = [];

    public IPage Page => page;

    /// <summary>Errors of scripts and of the page's security policy; lost connections are none.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    /// <summary>The answers on the page, the newest last.</summary>
    public ILocator Turns => page.Locator("#turns .turn");

    public static async Task<ChatTab> OpenAsync(IBrowserContext profile, string url)
    {
        var page = await profile.NewPageAsync();
        var tab = new ChatTab(page);
        page.PageError += (_, error) => tab._complaints.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
            {
                tab._complaints.Add(message.Text);
            }
        };
        await page.GotoAsync(url);
        return tab;
    }

    public async Task SignInAsync(string token)
    {
        await page.FillAsync("#token", token);
        await page.ClickAsync("#sign-in button");
        await page.WaitForSelectorAsync("#ask:not([hidden])");
    }

    public async Task AskAsync(string question)
    {
        await page.FillAsync("#prompt", question);
        await page.PressAsync("#prompt", "Enter");
        await page.WaitForFunctionAsync("question => [...document.querySelectorAll('.turn .asked')].at(-1)?.textContent === question", question);
    }

    /// <summary>Returns once the newest answer shows so many letters, or more.</summary>
    public Task UntilAsync(int letters) => page.WaitForFunctionAsync(
        "letters => ([...document.querySelectorAll('.turn .answer')].at(-1)?.textContent ?? '').length >= letters", letters);

    /// <summary>Returns once there are answers and none of them is live.</summary>
    public Task UntilDoneAsync() => page.WaitForFunctionAsync(
        "() => document.querySelector('.turn') && !document.querySelector('.turn.live')");

    public Task<string> AnswerAsync(int index = -1) => page.EvaluateAsync<string>(
        "index => [...document.querySelectorAll('.turn .answer')].at(index).textContent", index);

    public Task<string> EndAsync(int index = -1) => page.EvaluateAsync<string>(
        "index => [...document.querySelectorAll('.turn .end')].at(index).textContent", index);
}
