using System.Text;
using Fairway.Core.Releases;
using Fairway.Registry.Schema;

namespace Fairway.Registry.Tests.Schema;

public sealed class ReleaseCodecTests
{
    [Fact]
    public void TryDecode_Encoded_IsTheSame()
    {
        var record = new ReleaseRecord(
            new ReleaseState
            {
                Plan = new ReleasePlan
                {
                    Service = "orders", Version = "2", Lane = "orders-2", Strategy = ReleaseStrategy.Half, Ramp = [1, 10_000], OnBreach = BreachAction.Rollback,
                },
                Phase = ReleasePhase.Ramping, Old = [new("a", "10.0.0.1:1"), new("b", "10.0.0.2:1")], Leaving = [new("a", "10.0.0.1:1")], Step = 1,
                Since = DateTimeOffset.UnixEpoch, StartedAt = DateTimeOffset.UnixEpoch.AddSeconds(1), LaneScale = 1, IsPaused = true, Reason = "why",
            },
            "gateway-1", "ann", "v2", ["orders-1"]);

        Assert.True(ReleaseCodec.TryDecode(ReleaseCodec.Encode(record), out var read));

        Assert.Equal(ReleaseCodec.Encode(record), ReleaseCodec.Encode(read));
        Assert.Equal((ReleasePhase.Ramping, ReleaseStrategy.Half, BreachAction.Rollback), (read.State.Phase, read.State.Plan.Strategy, read.State.Plan.OnBreach));
        Assert.Equal((10_000, true, "why"), (read.State.Ratio, read.State.IsPaused, read.State.Reason));
        Assert.True(read.IsPromoted("orders-1"));
        Assert.False(read.IsPromoted("orders-2"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"state\":{}}")]
    [InlineData("{\"state\":null}")]
    public void TryDecode_Malformed_IsFalse(string json) => Assert.False(ReleaseCodec.TryDecode(Encoding.UTF8.GetBytes(json), out _));
}
