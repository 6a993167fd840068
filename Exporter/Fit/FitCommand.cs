using System.Globalization;

namespace Fairway.Exporter.Fit;

/// <summary><c>fit FILE [--svg OUT] [--figures A,B] [--non-negative] [--through-origin]</c>: prints the coefficients of a recording and how well they predict.</summary>
public static class FitCommand
{
    private const string Usage = "Usage: fit FILE [--svg OUT] [--figures cpu,inFlight,...] [--non-negative] [--through-origin]";

    /// <returns>0; 2 for wrong arguments or a recording that says nothing, with a coded line on <paramref name="error"/>.</returns>
    public static int Run(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        string? file = null, svg = null;
        string[]? figures = null;
        var (nonNegative, throughOrigin) = (false, false);
        for (var i = 0; i < args.Count; i++)
        {
            switch (args[i])
            {
                case "--svg" when i + 1 < args.Count:
                    svg = args[++i];
                    break;
                case "--figures" when i + 1 < args.Count && args[i + 1].Split(',') is var names && names.All(LinearFit.Figures.Contains):
                    figures = names;
                    i++;
                    break;
                case "--non-negative":
                    nonNegative = true;
                    break;
                case "--through-origin":
                    throughOrigin = true;
                    break;
                case var name when file is null && !name.StartsWith('-'):
                    file = name;
                    break;
                default:
                    return Refuse($"BAD_FIELD: '{args[i]}' is not understood. {Usage}");
            }
        }

        if (file is null)
        {
            return Refuse($"BAD_FIELD: no file. {Usage}");
        }

        try
        {
            var lines = File.ReadAllLines(file);
            if (lines is not [RecordedRow.Header, ..])
            {
                return Refuse($"NOT_A_RECORDING: {file} does not begin with {RecordedRow.Header}");
            }

            var fit = LinearFit.Of([.. lines.Skip(1).Select(RecordedRow.Parse).OfType<RecordedRow>()], nonNegative, figures, throughOrigin);
            Print(fit, output);
            if (svg is not null)
            {
                File.WriteAllText(svg, FitPlot.Draw(fit));
            }

            return 0;
        }
        catch (ArgumentException few)
        {
            return Refuse($"TOO_FEW_ROWS: {few.Message}");
        }
        catch (Exception away) when (away is IOException or UnauthorizedAccessException)
        {
            return Refuse($"UNREADABLE: {away.Message}");
        }

        int Refuse(string message)
        {
            error.WriteLine(message);
            return 2;
        }
    }

    private static void Print(LinearFit fit, TextWriter output)
    {
        foreach (var term in fit.Terms)
        {
            Line($"{term.Name,-10} {(term.Coefficient is { } value ? value.ToString("0.######", CultureInfo.InvariantCulture) : $"- ({term.Why})")}");
        }

        Line($"rows       {fit.Rows}, every {LinearFit.HoldOutEvery}th held out");
        Line($"R2         {fit.R2:0.0000}");
        Line($"R2 held    {fit.HeldOutR2:0.0000} (shipped default: {fit.DefaultR2:0.0000}; latency stays as it is: {fit.BaselineR2:0.0000})");
        Line($"MAE held   {fit.MeanAbsoluteErrorMs:0.00} ms");

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }
}
