using System.Runtime.CompilerServices;

namespace Fairway.Grains.Tests;

/// <summary>Stands in for Orleans's analyzers, which the local engine does not run.</summary>
public sealed class HouseRulesTests
{
    public static TheoryData<string, string> Rules => new()
    {
        { "ConfigureAwait(false)", "leaves the grain's turns" },
        { ".Result", "blocks a turn" },
        { ".Wait()", "blocks a turn" },
        { "GetAwaiter().GetResult()", "blocks a turn" },
        { "RegisterTimer(", "is the old timer, whose ticks are no turns" },
        { "Task.Run(", "leaves the grain's turns" },
        { "Thread.Sleep(", "blocks a turn" },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void GrainSources_AnyFile_KeepTheTurn(string forbidden, string because)
    {
        var sources = Sources("Grains").Concat(Sources("GrainInterfaces")).ToList();

        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.False(
            File.ReadAllText(source).Contains(forbidden, StringComparison.Ordinal), $"{source}: {forbidden} {because}"));
    }

    private static IEnumerable<string> Sources(string project) =>
        System.IO.Directory.EnumerateFiles(Path.Combine(Root(), project), "*.cs", SearchOption.AllDirectories);

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
