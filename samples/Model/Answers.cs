namespace Fairway.Model;

/// <summary>The texts the model knows, cut into tokens.</summary>
public static class Answers
{
    private static readonly string[] Texts =
    [
        """
        A fairway is the part of a river that ships can use: deep enough, wide enough, and marked. Pilots do not ask how the water is
        everywhere; they ask where it is good now, and keep asking, because the bed moves. A service is reached in the same way. Somebody
        measures the depth at every quay, somebody marks the best way, and whoever steers still looks at the ships ahead.
        """,
        """
        A stream that breaks is not a stream that ends. The reader remembers the last thing it saw, comes back, and says so; the writer
        kept what it wrote and goes on from there. Nothing is told twice and nothing is left out. Only when the end itself has been read
        and acknowledged may the writer forget.
        """,
        """
        Two lists may both be right and still mislead: the one that everybody reads sends everybody to the same place. So share out by
        weight, look at two, and take the one that is less busy with your own work. It costs almost nothing and it never makes a herd.
        """,
    ];

    /// <summary>An answer to <paramref name="prompt"/>, the same for the same prompt, of <paramref name="tokens"/> tokens or one whole text.</summary>
    public static IEnumerable<string> To(string prompt, int tokens)
    {
        var text = Texts[prompt.Aggregate(0u, (sum, letter) => (sum * 31) + letter) % Texts.Length];
        var words = text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var count = tokens > 0 ? tokens : words.Length;
        for (var i = 0; i < count; i++)
        {
            yield return i == 0 ? words[0] : $" {words[i % words.Length]}";
        }
    }
}
