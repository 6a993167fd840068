using System.Globalization;
using System.Xml.Linq;
using Fairway.Core.Scoring;
using Fairway.Exporter.Fit;
using Fairway.Exporter.Tests.Hosting;
using Fairway.Exporter.Tests.Peers;
using Fairway.GrpcWire.Orca;
using Fairway.Registry.Memory;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Fit;

public sealed class FitTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_LinearRows_FindsTheCoefficients()
    {
        var fit = LinearFit.Of(Rows(200, means => 3 + (40 * means.Cpu) + (2 * means.InFlight) + (0.5 * means.LatencyMs)), nonNegative: false);

        Assert.Equal(3, Coefficient(fit, "intercept"), 6);
        Assert.Equal(40, Coefficient(fit, "cpu"), 6);
        Assert.Equal(2, Coefficient(fit, "inFlight"), 6);
        Assert.Equal(0.5, Coefficient(fit, "latencyMs"), 6);
        Assert.Equal(0, Coefficient(fit, "rps"), 6);
        Assert.Equal(1, fit.R2, 6);
        Assert.Equal(1, fit.HeldOutR2, 6);
        Assert.True(fit.BaselineR2 < 0.9);
        Assert.Equal(40, fit.Seen.Count);
    }

    [Fact]
    public void Of_ConstantMissingAndRepeatedColumns_LeavesThemOut()
    {
        var rows = Rows(100, means => 5 + means.LatencyMs)
            .Select(row => row with { Means = row.Means with { Cpu = 0.5, MemoryGib = double.NaN, Rps = row.Means.InFlight * 10 } }).ToList();

        var fit = LinearFit.Of(rows, nonNegative: false);

        Assert.Equal(
            ["cpu: constant", "memoryGib: never reported", "rps: told by the others"],
            fit.Terms.Where(term => term.Coefficient is null).Select(term => $"{term.Name}: {term.Why}"));
        Assert.Equal(1, fit.R2, 6);
    }

    [Fact]
    public void Of_NonNegative_LeavesOutWhatWouldAttractLoad()
    {
        var rows = Rows(200, means => 50 + (30 * means.Cpu) - (0.2 * means.Rps));

        Assert.True(Coefficient(LinearFit.Of(rows, nonNegative: false), "rps") < 0);
        var fit = LinearFit.Of(rows, nonNegative: true);
        Assert.Equal("negative: left out", fit.Terms.Single(term => term.Name == "rps").Why);
        Assert.All(fit.Terms.Skip(1), term => Assert.True(term.Coefficient is null or >= 0));
    }

    [Fact]
    public void Of_ThroughOrigin_HasNoIntercept()
    {
        var fit = LinearFit.Of(Rows(200, means => (40 * means.Cpu) + (0.5 * means.LatencyMs)), nonNegative: false, ["cpu", "latencyMs"], throughOrigin: true);

        Assert.Null(fit.Terms[0].Coefficient);
        Assert.Equal(40, Coefficient(fit, "cpu"), 6);
        Assert.Equal(0.5, Coefficient(fit, "latencyMs"), 6);
        Assert.Equal(1, fit.HeldOutR2, 6);
    }

    [Fact]
    public void Row_WrittenAndRead_IsTheSame()
    {
        var row = new RecordedRow("orders", "a", new LoadSample(0.25, double.NaN, 3, 12.5, 40, 0), 17.25);

        Assert.Equal("orders,a,0.25,,3,12.5,40,0,17.25", row.ToLine());
        Assert.Equal(row, RecordedRow.Parse(row.ToLine()));
        Assert.Null(RecordedRow.Parse("orders,a,0.25,,3,12"));
        Assert.Null(RecordedRow.Parse("orders,a,0.25,,3,12.5,40,0,"));
        Assert.Null(RecordedRow.Parse("orders,a,x,,3,12.5,40,0,17"));
    }

    [Fact]
    public void Command_OnARecording_PrintsAndDraws()
    {
        Write(Rows(100, means => 3 + (40 * means.Cpu) + means.LatencyMs));

        var (code, output, error) = Run(_folder["load.csv"], "--svg", _folder["fit.svg"], "--non-negative");

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("cpu        40\n", output);
        Assert.Contains("R2 held    1.0000", output);
        Assert.Contains("rps        - (not asked for)\n", Run(_folder["load.csv"], "--figures", "cpu,latencyMs").Output);
        var svg = XDocument.Load(_folder["fit.svg"]);
        Assert.Equal(2 * 20, svg.Descendants().Count(element => element.Name.LocalName == "circle"));
    }

    [Fact]
    public void Command_OnWhatIsNoRecording_SaysWhy()
    {
        Assert.Equal((2, "BAD_FIELD"), Refusal());
        Assert.Equal((2, "BAD_FIELD"), Refusal("a", "b"));
        Assert.Equal((2, "BAD_FIELD"), Refusal("a", "--svg"));
        Assert.Equal((2, "BAD_FIELD"), Refusal("a", "--figures", "cpu,moon"));
        Assert.Equal((2, "UNREADABLE"), Refusal(_folder["absent"]));
        File.WriteAllText(_folder["other"], "a,b\n1,2\n");
        Assert.Equal((2, "NOT_A_RECORDING"), Refusal(_folder["other"]));
        Write(Rows(5, means => means.LatencyMs));
        Assert.Equal((2, "TOO_FEW_ROWS"), Refusal(_folder["load.csv"]));
    }

    [Fact]
    public async Task Exporter_WithRecord_WritesMeansAndTheLatencyAfter()
    {
        using var registry = new MemoryRegistry();
        await using var log = new StatusLog(registry);
        await using var instance = await GrpcInstance.StartAsync();
        var exporter = await ExporterHost.StartAsync(registry, ("Exporter:Record", _folder["load.csv"]));
        try
        {
            await registry.RegisterAsync(instance.Record("a"));
            await log.UntilUp("a");
            instance.Report(Load(10));
            await Eventually.True(() => log.Of("a").Any(item => item.Sample is { LatencyMs: 10 }));
            instance.Report(Load(30));
            await Eventually.True(() => log.Of("a").Any(item => item.Sample is { LatencyMs: 30 }));
        }
        finally
        {
            await exporter.DisposeAsync();
        }

        var lines = await File.ReadAllLinesAsync(_folder["load.csv"]);
        Assert.Equal(RecordedRow.Header, lines[0]);
        Assert.Equal(new RecordedRow("orders", "a", new LoadSample(0.5, 0.25, 2, 10, 20, 0), 30), RecordedRow.Parse(lines[1]));
        Assert.Equal(2, lines.Length);
    }

    private static OrcaLoadReport Load(double latencyMs) => new()
    {
        CpuUtilization = 0.5, RpsFractional = 20,
        NamedMetrics = { ["in_flight"] = 2, ["latency_ms"] = latencyMs, ["memory_gib"] = 0.25 },
    };

    private static double Coefficient(LinearFit fit, string name) => fit.Terms.Single(term => term.Name == name).Coefficient!.Value;

    private static List<RecordedRow> Rows(int count, Func<LoadSample, double> next)
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var means = new LoadSample(
                random.NextDouble(), random.NextDouble(), 10 * random.NextDouble(), 100 * random.NextDouble(), 50 * random.NextDouble(), random.NextDouble());
            return new RecordedRow("orders", "a", means, next(means));
        })];
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        using var error = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        return (FitCommand.Run(args, output, error), output.ToString(), error.ToString());
    }

    private static (int Code, string Error) Refusal(params string[] args)
    {
        var (code, _, error) = Run(args);
        return (code, error.Split(':')[0]);
    }

    private void Write(IEnumerable<RecordedRow> rows) =>
        File.WriteAllLines(_folder["load.csv"], [RecordedRow.Header, .. rows.Select(row => row.ToLine())]);
}
