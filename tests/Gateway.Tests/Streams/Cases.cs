namespace Fairway.Gateway.Tests.Streams;

/// <summary>The cases of docs/protocol.md, as data: tables fenced as <c>```cases NAME</c>, columns apart by white space.</summary>
internal static class Cases
{
    public static IReadOnlyList<string[]> Of(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the project.");
        }

        var lines = File.ReadAllLines(Path.Combine(folder.FullName, "docs", "protocol.md"));
        var cases = lines.SkipWhile(line => line != $"```cases {name}").Skip(1).TakeWhile(line => line != "```")
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToArray();
        return cases.Length > 0 ? cases : throw new InvalidOperationException($"docs/protocol.md has no cases '{name}'.");
    }
}
