using System.Globalization;

namespace Fairway.Report;

/// <summary>What <c>./bench</c> hands to a program: the name, then <c>--option value</c> pairs.</summary>
public sealed class BenchArguments
{
    private readonly Dictionary<string, string> _options = [];

    /// <exception cref="ArgumentException">No name, or an option without its value.</exception>
    public BenchArguments(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args.Length % 2 == 0)
        {
            throw new ArgumentException("a bench takes its name and pairs of --option value");
        }

        Name = args[0];
        for (var index = 1; index < args.Length; index += 2)
        {
            _options[args[index]] = args[index + 1];
        }
    }

    public string Name { get; }

    public string? Text(string option) => _options.GetValueOrDefault(option);

    /// <exception cref="ArgumentException">Not a whole number from 1 on.</exception>
    public int Number(string option, int otherwise)
    {
        if (!_options.TryGetValue(option, out var text))
        {
            return otherwise;
        }

        return int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"{option} takes a whole number from 1 on, not '{text}'");
    }

    /// <summary>Runs the bench of that name and gives its exit code; 2 with a message where the arguments make no sense.</summary>
    public static async Task<int> DispatchAsync(string[] args, IReadOnlyDictionary<string, Func<BenchArguments, Task<int>>> benches)
    {
        ArgumentNullException.ThrowIfNull(benches);
        try
        {
            var arguments = new BenchArguments(args);
            return benches.TryGetValue(arguments.Name, out var bench)
                ? await bench(arguments)
                : throw new ArgumentException($"'{arguments.Name}' is no bench of this program");
        }
        catch (ArgumentException wrong)
        {
            await Console.Error.WriteLineAsync($"error: {wrong.Message}");
            return 2;
        }
    }
}
