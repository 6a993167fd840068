using System.Security.Cryptography;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Relay;

/// <summary>npm's clients as they are, on node, with nothing changed but where they call; the scripts stand in <c>node/</c>.</summary>
[Collection(RelayCollection.Name)]
[Trait("Engine", "any")]
public sealed class NodeClientTests(RelayFixture fixture)
{
    private static readonly TimeSpan InstallTime = TimeSpan.FromMinutes(3);
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Relay", "node");

    [Theory]
    [InlineData("openai.mjs")]
    [InlineData("ai-sdk.mjs")]
    public async Task Client_Unmodified_PassesItsScript(string script)
    {
        await InstallAsync();
        await using var node = RealProcess.Start(new RealProcessStart(RealProcess.Find("node", "nodejs"), "--test", "--test-reporter=tap", script)
        {
            WorkingDirectory = Folder,
            Environment = new Dictionary<string, string?> { ["BASE_URL"] = fixture.BaseUrl, ["API_KEY"] = fixture.NewUser().Token },
        });

        Assert.True(await node.WaitForExitAsync(TimeSpan.FromMinutes(2)) == 0, node.Output);
        await Eventually.True(() => fixture.Slow.Calls.Active == 0); // whatever a script left, its model's connection is closed
    }

    /// <summary>Once a version of the lock file: the packages stay beside the build.</summary>
    private static async Task InstallAsync()
    {
        var want = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(Folder, "package-lock.json"))));
        var mark = Path.Combine(Folder, "node_modules", ".installed");
        if (File.Exists(mark) && await File.ReadAllTextAsync(mark) == want)
        {
            return;
        }

        await using var npm = RealProcess.Start(new RealProcessStart(RealProcess.Find("npm", "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error") { WorkingDirectory = Folder });
        Assert.True(await npm.WaitForExitAsync(InstallTime) == 0, npm.Output);
        await File.WriteAllTextAsync(mark, want);
    }
}
