using System.Globalization;
using System.Text;

namespace Fairway.Exporter.Fit;

/// <summary>Draws predicted against seen latency as SVG, by the fit and by the shipped default: both axes logarithmic, the diagonal is a perfect prediction.</summary>
internal static class FitPlot
{
    private const int Size = 480;
    private const int Margin = 56;

    public static string Draw(LinearFit fit)
    {
        var all = fit.Predicted.Concat(fit.Seen).Where(value => value > 0).DefaultIfEmpty(1).ToList();
        var low = Math.Floor(Math.Log10(all.Min()));
        var high = Math.Max(low + 1, Math.Ceiling(Math.Log10(all.Max())));
        var svg = new StringBuilder();
        Line($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Size} {Size}\" font-family=\"sans-serif\" font-size=\"12\">");
        Line($"<rect width=\"{Size}\" height=\"{Size}\" fill=\"white\"/>");
        for (var decade = low; decade <= high; decade++)
        {
            var at = At(Math.Pow(10, decade));
            Line($"<path d=\"M{at:0.#} {Margin}V{Size - Margin}M{Margin} {Size - at:0.#}H{Size - Margin}\" stroke=\"#ddd\"/>");
            Line($"<text x=\"{at:0.#}\" y=\"{Size - Margin + 16}\" text-anchor=\"middle\">{Math.Pow(10, decade):0.###}</text>");
            Line($"<text x=\"{Margin - 6}\" y=\"{Size - at + 4:0.#}\" text-anchor=\"end\">{Math.Pow(10, decade):0.###}</text>");
        }

        Line($"<path d=\"M{Margin} {Size - Margin}L{Size - Margin} {Margin}\" stroke=\"#888\" stroke-dasharray=\"4\"/>");
        Dots(fit.DefaultPredicted, "#d95f02");
        Dots(fit.Predicted, "#1664a8");

        Line($"<text x=\"{Size / 2}\" y=\"{Size - 12}\" text-anchor=\"middle\">seen in the next interval, ms</text>");
        Line($"<text transform=\"translate(16 {Size / 2}) rotate(-90)\" text-anchor=\"middle\">predicted, ms</text>");
        Line($"<text x=\"{Size / 2}\" y=\"24\" text-anchor=\"middle\">{fit.Seen.Count} held out samples: <tspan fill=\"#1664a8\">fitted, R2 {fit.HeldOutR2:0.00}</tspan>, <tspan fill=\"#d95f02\">shipped, R2 {fit.DefaultR2:0.00}</tspan></text>");
        return svg.Append("</svg>\n").ToString();

        void Dots(IReadOnlyList<double> predicted, string colour)
        {
            Line($"<g fill=\"{colour}\" fill-opacity=\"0.5\">");
            for (var i = 0; i < predicted.Count; i++)
            {
                Line($"<circle cx=\"{At(fit.Seen[i]):0.#}\" cy=\"{Size - At(predicted[i]):0.#}\" r=\"2\"/>");
            }

            Line($"</g>");
        }

        double At(double ms) =>
            Margin + ((Math.Log10(Math.Clamp(ms, Math.Pow(10, low), Math.Pow(10, high))) - low) / (high - low) * (Size - (2 * Margin)));

        void Line(FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
