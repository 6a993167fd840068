using System.Globalization;
using System.Text;

namespace Fairway.Simulation;

/// <summary>Lines over a row of steps as an SVG, the height on a logarithmic scale.</summary>
internal sealed class Plot(string title, string unit, string[] steps)
{
    private const int Width = 760, Height = 420, Left = 64, Right = 190, Top = 44, Bottom = 44;
    private static readonly string[] Colours = ["#0b7285", "#d9480f", "#5f3dc4", "#868e96", "#2b8a3e", "#e67700", "#c2255c", "#1864ab", "#343a40"];
    private readonly List<(string Name, double[] Figures)> _lines = [];

    public void Add(string name, IEnumerable<double> figures) => _lines.Add((name, [.. figures]));

    public void Save(string path)
    {
        var all = _lines.SelectMany(line => line.Figures).Where(figure => figure > 0).ToArray();
        var (low, high) = (Math.Log10(all.Min()), Math.Log10(all.Max() * 1.05));
        double X(int step) => Left + (step * (double)(Width - Left - Right) / Math.Max(1, steps.Length - 1));
        double Y(double figure) => Height - Bottom - ((Math.Log10(figure) - low) / (high - low) * (Height - Top - Bottom));
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#fff\"/>\n<text x=\"{Left}\" y=\"24\" font-size=\"15\">{title}</text>\n");
        foreach (var mark in Marks(all.Min(), all.Max()))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(mark):0.0}\" y2=\"{Y(mark):0.0}\" stroke=\"#dee2e6\"/><text x=\"{Left - 6}\" y=\"{Y(mark) + 4:0.0}\" text-anchor=\"end\">{mark:0.##} {unit}</text>\n");
        }

        for (var step = 0; step < steps.Length; step++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(step):0.0}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{steps[step]}</text>\n");
        }

        // Names stand at the lines' ends, pushed apart where they would cover each other.
        var labelled = double.NegativeInfinity;
        foreach (var (index, line) in _lines.Index().OrderBy(entry => Y(entry.Item.Figures[^1])))
        {
            var colour = Colours[index % Colours.Length];
            var points = string.Join(' ', line.Figures.Select((figure, step) => string.Create(CultureInfo.InvariantCulture, $"{X(step):0.0},{Y(Math.Max(figure, all.Min())):0.0}")));
            labelled = Math.Max(labelled + 14, Y(line.Figures[^1]) + 4);
            svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{(index == 0 ? 3 : 1.5)}\"/><text x=\"{Width - Right + 8}\" y=\"{labelled:0.0}\" fill=\"{colour}\">{line.Name} {line.Figures[^1]:0.##}</text>\n");
        }

        File.WriteAllText(path, svg.Append("</svg>\n").ToString());
    }

    private static IEnumerable<double> Marks(double low, double high)
    {
        for (var decade = Math.Pow(10, Math.Floor(Math.Log10(low))); decade <= high; decade *= 10)
        {
            foreach (var mark in (double[])[decade, 2 * decade, 3 * decade, 5 * decade])
            {
                if (mark >= low && mark <= high * 1.05)
                {
                    yield return mark;
                }
            }
        }
    }
}
