namespace Fairway.Core.Tests.Lanes;

/// <summary>The table of docs/lanes.md between its two marks.</summary>
public static class RouteCases
{
    public static TheoryData<string, string, string, string, string, string, string, string, string> All()
    {
        var data = new TheoryData<string, string, string, string, string, string, string, string, string>();
        var rows = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "docs", "lanes.md"))
            .SkipWhile(line => line != "<!-- cases -->").Skip(3).TakeWhile(line => line != "<!-- /cases -->");
        foreach (var row in rows)
        {
            var cells = row[1..^1].Split('|').Select(cell => cell.Trim()).ToArray();
            data.Add(cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], cells[8]);
        }

        return data;
    }
}
