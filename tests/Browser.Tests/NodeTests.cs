using Fairway.Testing;

namespace Fairway.Browser.Tests;

/// <summary><c>fairway-client.js</c> outside a browser: as the Gateway serves it, in node, and its types as TypeScript reads them.</summary>
public sealed class NodeTests(Product product) : IClassFixture<Product>, IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Client_InNode_PassesItsOwnTests()
    {
        await using var node = RealProcess.Start(new RealProcessStart(
            RealProcess.Find("node", "nodejs"), "--test", Path.Combine(AppContext.BaseDirectory, "node", "client.test.mjs"))
        {
            Environment = new Dictionary<string, string?>
            {
                ["CLIENT"] = await DownloadAsync(),
                ["GATEWAY"] = product.Url,
                ["TOKEN"] = product.NewToken(),
            },
        });
        Assert.True(await node.WaitForExitAsync(TimeSpan.FromMinutes(3)) == 0, node.Output);
        Assert.Contains("# fail 0", node.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("# pass 0", node.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_UnderTypeScript_HasNoErrorInItsTypes()
    {
        var module = await DownloadAsync();
        await using var install = RealProcess.Start(new RealProcessStart(
            RealProcess.Find("npm", "npm"), "install", "--no-audit", "--no-fund", "--prefix", _folder.Path, "typescript@5.9.2"));
        Assert.True(await install.WaitForExitAsync(TimeSpan.FromMinutes(3)) == 0, install.Output);

        await using var tsc = RealProcess.Start(new RealProcessStart(
            _folder["node_modules/.bin/tsc"], "--checkJs", "--allowJs", "--strict", "--noEmit", "--target", "es2022", "--module", "esnext",
            "--lib", "es2022,dom,dom.iterable,dom.asynciterable", module));
        Assert.True(await tsc.WaitForExitAsync(TimeSpan.FromMinutes(3)) == 0, tsc.Output);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> DownloadAsync()
    {
        using var response = await product.Http.GetAsync(new Uri("/fairway-client.js", UriKind.Relative));
        Assert.Equal("text/javascript", response.Content.Headers.ContentType!.MediaType);
        var path = _folder["fairway-client.mjs"];
        await File.WriteAllTextAsync(path, await response.Content.ReadAsStringAsync());
        return path;
    }
}
