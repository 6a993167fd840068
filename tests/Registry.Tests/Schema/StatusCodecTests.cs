using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Registry.Schema;

namespace Fairway.Registry.Tests.Schema;

public sealed class StatusCodecTests
{
    private static readonly LoadSample Sample = new(0.5, 1.5, 3, 20.25, 100, double.NaN);

    [Theory]
    [InlineData(Life.Unstated)]
    [InlineData(Life.Up)]
    [InlineData(Life.Down)]
    [InlineData(Life.Yielded)]
    public void Split_EachLife_ComesBack(Life life)
    {
        var value = StatusCodec.Split(new StatusBatch([new InstanceStatus { Id = "a", Life = life }])).Single();

        Assert.True(StatusCodec.TryDecode(value, out var batch));
        Assert.Equal(life, batch.Items.Single().Life);
    }

    [Fact]
    public void Split_Batch_SurvivesTheTrip()
    {
        var batch = new StatusBatch(
        [
            new InstanceStatus
            {
                Id = "a", Life = Life.Up, Sample = Sample, SampleAge = TimeSpan.FromMilliseconds(1500), ReportInterval = TimeSpan.FromSeconds(1),
            },
            new InstanceStatus { Id = "b", Life = Life.Down, DownReason = "refused twice" },
            new InstanceStatus { Id = "c", SampledAgain = true },
        ]);

        var chunk = Assert.Single(StatusCodec.Split(batch));

        Assert.True(StatusCodec.TryDecode(chunk, out var back));
        Assert.Equal(batch.Items.AsEnumerable(), back.Items);
        Assert.True(double.IsNaN(back.Items[0].Sample!.Value.ErrorRate));
    }

    [Fact]
    public void Split_ZeroFigures_AreNotTakenForAbsent()
    {
        var batch = new StatusBatch([new InstanceStatus { Id = "a", Sample = new LoadSample(0, 0, 0, 0, 0, 0) }]);

        Assert.True(StatusCodec.TryDecode(StatusCodec.Split(batch)[0], out var back));
        Assert.Equal(new LoadSample(0, 0, 0, 0, 0, 0), back.Items[0].Sample);
    }

    [Fact]
    public void Split_Large_StaysBelowTheLimitAndLosesNothing()
    {
        var items = Enumerable.Range(0, 20_000)
            .Select(i => new InstanceStatus { Id = $"instance-{i}", Life = Life.Down, DownReason = new string('x', i % 40), Sample = Sample });

        var chunks = StatusCodec.Split(new StatusBatch([.. items]));

        Assert.True(chunks.Count > 4);
        Assert.All(chunks, chunk => Assert.InRange(chunk.Length, 1, StatusCodec.MaxChunkBytes));
        var ids = chunks.SelectMany(chunk => StatusCodec.TryDecode(chunk, out var batch) ? batch.Items : []).Select(item => item.Id);
        Assert.Equal(Enumerable.Range(0, 20_000).Select(i => $"instance-{i}"), ids);
    }

    [Fact]
    public void Split_Empty_IsOneEmptyChunk() => Assert.Empty(Assert.Single(StatusCodec.Split(new StatusBatch([]))));

    [Fact]
    public void Split_LongReasonAndOddDurations_AreCut()
    {
        var batch = new StatusBatch(
            [new InstanceStatus { Id = "a", DownReason = new string('r', 5000), SampleAge = TimeSpan.MaxValue, ReportInterval = TimeSpan.FromSeconds(-1) }]);

        Assert.True(StatusCodec.TryDecode(StatusCodec.Split(batch)[0], out var back));
        Assert.Equal(512, back.Items[0].DownReason!.Length);
        Assert.Equal((TimeSpan.FromDays(365), TimeSpan.Zero), (back.Items[0].SampleAge, back.Items[0].ReportInterval));
    }

    [Theory]
    [InlineData("ff")]
    [InlineData("0a05")]
    [InlineData("0aff01")]
    public void TryDecode_Garbage_IsNoBatch(string hex) => Assert.False(StatusCodec.TryDecode(Convert.FromHexString(hex), out _));
}
