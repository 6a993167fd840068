using Fairway.Core.Scoring;
using Fairway.Exporter.Load;
using Fairway.GrpcWire.Orca;
using Google.Protobuf;

namespace Fairway.Exporter.Tests.Load;

public sealed class LoadReadingTests
{
    public static TheoryData<string, double, Refusal> Garbage
    {
        get
        {
            var data = new TheoryData<string, double, Refusal>();
            foreach (var figure in new[] { "cpu", "mem", "app", "rps", "eps", "named", "utilization", "cost" })
            {
                data.Add(figure, double.NaN, Refusal.NonFinite);
                data.Add(figure, double.PositiveInfinity, Refusal.NonFinite);
                data.Add(figure, double.NegativeInfinity, Refusal.NonFinite);
                data.Add(figure, -0.001, Refusal.Negative);
                data.Add(figure, 1.0000001e9, Refusal.TooLarge);
                data.Add(figure, 1e9, Refusal.None);
                data.Add(figure, 0.5, Refusal.None);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Garbage))]
    public void Of_OneFigure_IsRefusedAsItDeserves(string field, double figure, Refusal expected)
    {
        var reading = LoadReading.Of(With(field, figure));

        Assert.Equal(expected, reading.Refusal);
        Assert.Equal(expected == Refusal.None, reading.Sample is not null);
    }

    [Fact]
    public void Of_WholeReport_IsASample()
    {
        var report = new OrcaLoadReport { CpuUtilization = 0.4, RpsFractional = 20, Eps = 5 };
        report.NamedMetrics["in_flight"] = 7;
        report.NamedMetrics["latency_ms"] = 12.5;
        report.NamedMetrics["memory_gib"] = 0.25;
        report.NamedMetrics["something_else"] = 3;

        Assert.Equal(new LoadSample(0.4, 0.25, 7, 12.5, 20, 0.25), LoadReading.Of(report).Sample);
    }

    [Fact]
    public void Of_Empty_IsNoSampleAndNotRefused() =>
        Assert.Equal(new LoadReading(null, Refusal.None), LoadReading.Of(new OrcaLoadReport()));

    [Fact]
    public void Of_MissingNamedMetrics_AreUnknownWhileScalarsAreZero() =>
        Assert.Equal(
            new LoadSample(0, double.NaN, double.NaN, double.NaN, 2, 0),
            LoadReading.Of(new OrcaLoadReport { RpsFractional = 2 }).Sample);

    [Theory]
    [InlineData(0, 0.7, 0.7)]
    [InlineData(0.3, 0.7, 0.3)]
    [InlineData(0, 1.8, 1.8)]
    public void Of_ApplicationUtilization_GoesBeforeCpu(double application, double cpu, double expected)
    {
        var report = new OrcaLoadReport { ApplicationUtilization = application, CpuUtilization = cpu };

        Assert.Equal(expected, LoadReading.Of(report).Sample!.Value.Cpu);
    }

    [Theory]
    [InlineData(0, 3, 0)]
    [InlineData(10, 0, 0)]
    [InlineData(10, 4, 0.4)]
    [InlineData(10, 40, 1)]
    public void Of_Errors_AreTheirShareOfRequests(double rps, double eps, double expected)
    {
        var report = new OrcaLoadReport { CpuUtilization = 0.1, RpsFractional = rps, Eps = eps };

        Assert.Equal(expected, LoadReading.Of(report).Sample!.Value.ErrorRate);
    }

    [Theory]
    [InlineData("0a", "a tag without its field")]
    [InlineData("09000000", "a double cut short")]
    [InlineData("42ff01", "a map longer than the message")]
    [InlineData("ffffffffffffffffffffff", "no tag")]
    public void Frame_OfBadBytes_IsUndecodableWithoutAnException(string hex, string what)
    {
        var frame = Parse(Convert.FromHexString(hex));

        Assert.True(frame.Read() == LoadReading.Undecodable, what);
    }

    [Fact]
    public void Frame_WithAnEndWithoutItsGroup_EndsTheStream() =>
        Assert.Throws<InvalidProtocolBufferException>(() => Parse([0x0c]));

    [Fact]
    public void Frame_OfAReport_IsThatReport()
    {
        var report = With("cpu", 0.5);

        var frame = Parse([.. report.ToByteArray(), 0xA0, 0x06, 0x01]); // and a field of the future, 100

        Assert.Equal(LoadReading.Of(report), frame.Read());
    }

    [Fact]
    public void Frame_OfNoBytes_IsAnEmptyReport() => Assert.Equal(default, Parse([]).Read());

    private static ReportFrame Parse(byte[] bytes) => new MessageParser<ReportFrame>(() => new ReportFrame()).ParseFrom(bytes);

    private static OrcaLoadReport With(string field, double figure)
    {
        var report = new OrcaLoadReport { CpuUtilization = 0.1 };
        switch (field)
        {
            case "cpu": report.CpuUtilization = figure; break;
            case "mem": report.MemUtilization = figure; break;
            case "app": report.ApplicationUtilization = figure; break;
            case "rps": report.RpsFractional = figure; break;
            case "eps": report.Eps = figure; break;
            case "named": report.NamedMetrics["x"] = figure; break;
            case "utilization": report.Utilization["x"] = figure; break;
            default: report.RequestCost["x"] = figure; break;
        }

        return report;
    }
}
