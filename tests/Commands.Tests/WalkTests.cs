using System.Text;
using System.Text.RegularExpressions;
using Fairway.Testing;

namespace Fairway.Commands.Tests;

/// <summary>The walks of docs/lanes.md, line by line: what stands behind <c>#=></c> is to come about.</summary>
[Collection(RealCollection.Name)]
[Trait("Engine", "any")]
public sealed partial class WalkTests(RealProduct real)
{
    private const string Expect = """
        set -euo pipefail
        expect() {
          local out='' i
          for ((i = 0; i < 240; i++)); do
            out=$(eval "$2" 2>&1) || true
            case "$out" in *"$1"*) return 0 ;; esac
            sleep 0.5
          done
          printf 'NOT SO: %s\nwanted: %s\ngot: %s\n' "$2" "$1" "$out"
          exit 1
        }

        """;

    [Fact]
    public async Task Walks_OfThePage_ComeOutAsItSays()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(RunningProduct.Root, "docs", "lanes.md"));
        var walks = Walk().Matches(page);
        Assert.Equal(3, walks.Count);

        // One shell for all of them, as the page has it.
        var script = new StringBuilder(Expect);
        foreach (var line in walks.SelectMany(walk => walk.Groups["lines"].Value.Split('\n')))
        {
            script.Append(Checked().Match(line) is { Success: true } step
                ? $"expect {Quoted(step.Groups["wanted"].Value)} {Quoted(step.Groups["command"].Value)}\n"
                : line + "\n");
        }

        script.Append("echo WALKED\n");
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["walk.sh"], script.ToString());
        await using var shell = RealProcess.Start(new RealProcessStart("bash", folder["walk.sh"])
        {
            Environment = new Dictionary<string, string?>
            {
                ["GATEWAY"] = real.Product.Http.BaseAddress!.GetLeftPart(UriPartial.Authority),
                ["EDGE"] = real.Edge.GetLeftPart(UriPartial.Authority),
                ["ADMIN"] = "test-admin",
                ["SECRET"] = RealProduct.Secret,
                ["DATA"] = real.Product.DataFolder,
            },
        });
        var status = await shell.WaitForExitAsync(TimeSpan.FromMinutes(8));

        Assert.True(status == 0, shell.Output);
        Assert.Contains("WALKED", shell.Output, StringComparison.Ordinal);
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"<!-- walk -->\s*```sh\n(?<lines>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Walk();

    [GeneratedRegex(@"^(?<command>.*?)\s*#=> (?<wanted>.*?)\s*$")]
    private static partial Regex Checked();
}
