using System.Diagnostics.CodeAnalysis;
using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Registry.Schema.Protocol;
using Google.Protobuf;
using LifeState = Fairway.Registry.Schema.Protocol.InstanceStatusMessage.Types.LifeState;

namespace Fairway.Registry.Schema;

/// <summary>The protobuf of <c>status/{service}/{exporter}/{chunk}</c>; see <c>Protos/fairway/status.proto</c>.</summary>
public static class StatusCodec
{
    /// <summary>The size of one value that is never exceeded, 256 KiB.</summary>
    public const int MaxChunkBytes = 256 * 1024;

    private const int MaxReasonLength = 512;
    private static readonly double MaxMilliseconds = TimeSpan.FromDays(365).TotalMilliseconds;

    /// <summary>
    /// Encodes a batch as the values of chunks 0, 1, 2...; at least one, which is empty for an empty batch.
    /// A writer whose batch shrank deletes the chunks that are left over.
    /// </summary>
    public static IReadOnlyList<byte[]> Split(StatusBatch batch, int maxChunkBytes = MaxChunkBytes)
    {
        var chunks = new List<byte[]>();
        var chunk = new StatusBatchMessage();
        var size = 0;
        foreach (var item in batch.Items)
        {
            var message = Message(item);
            var itemSize = message.CalculateSize();
            itemSize += CodedOutputStream.ComputeLengthSize(itemSize) + CodedOutputStream.ComputeTagSize(StatusBatchMessage.ItemsFieldNumber);
            if (size + itemSize > maxChunkBytes && chunk.Items.Count > 0)
            {
                chunks.Add(chunk.ToByteArray());
                chunk = new StatusBatchMessage();
                size = 0;
            }

            chunk.Items.Add(message);
            size += itemSize;
        }

        if (chunk.Items.Count > 0 || chunks.Count == 0)
        {
            chunks.Add(chunk.ToByteArray());
        }

        return chunks;
    }

    /// <summary>False for bytes that are no such message; items without an id are left out.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> value, [NotNullWhen(true)] out StatusBatch? batch)
    {
        try
        {
            var message = StatusBatchMessage.Parser.ParseFrom(value);
            batch = new StatusBatch([.. from item in message.Items where item.Id.Length > 0 select Status(item)]);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            batch = null;
            return false;
        }
    }

    private static InstanceStatusMessage Message(InstanceStatus status) => new()
    {
        Id = status.Id,
        Life = status.Life switch
        {
            Life.Up => LifeState.Up,
            Life.Down => LifeState.Down,
            Life.Yielded => LifeState.Yielded,
            _ => LifeState.Unspecified,
        },
        DownReason = status.DownReason is { } reason ? reason[..Math.Min(reason.Length, MaxReasonLength)] : "",
        Sample = status.Sample is { } sample ? Message(sample) : null,
        SampledAgain = status.SampledAgain,
        SampleAgeMs = Milliseconds(status.SampleAge),
        ReportIntervalMs = Milliseconds(status.ReportInterval),
    };

    private static LoadSampleMessage Message(LoadSample sample)
    {
        var message = new LoadSampleMessage();
        if (double.IsFinite(sample.Cpu))
        {
            message.Cpu = sample.Cpu;
        }

        if (double.IsFinite(sample.MemoryGib))
        {
            message.MemoryGib = sample.MemoryGib;
        }

        if (double.IsFinite(sample.InFlight))
        {
            message.InFlight = sample.InFlight;
        }

        if (double.IsFinite(sample.LatencyMs))
        {
            message.LatencyMs = sample.LatencyMs;
        }

        if (double.IsFinite(sample.Rps))
        {
            message.Rps = sample.Rps;
        }

        if (double.IsFinite(sample.ErrorRate))
        {
            message.ErrorRate = sample.ErrorRate;
        }

        return message;
    }

    private static InstanceStatus Status(InstanceStatusMessage message) => new()
    {
        Id = message.Id,
        Life = message.Life switch
        {
            LifeState.Up => Life.Up,
            LifeState.Down => Life.Down,
            LifeState.Yielded => Life.Yielded,
            _ => Life.Unstated,
        },
        DownReason = message.DownReason.Length == 0 ? null : message.DownReason,
        Sample = message.Sample is { } sample ? Sample(sample) : null,
        SampledAgain = message.SampledAgain,
        SampleAge = Duration(message.SampleAgeMs),
        ReportInterval = Duration(message.ReportIntervalMs),
    };

    private static LoadSample Sample(LoadSampleMessage message) => new(
        Figure(message.HasCpu, message.Cpu),
        Figure(message.HasMemoryGib, message.MemoryGib),
        Figure(message.HasInFlight, message.InFlight),
        Figure(message.HasLatencyMs, message.LatencyMs),
        Figure(message.HasRps, message.Rps),
        Figure(message.HasErrorRate, message.ErrorRate));

    private static double Figure(bool sent, double figure) => sent && double.IsFinite(figure) ? figure : double.NaN;

    private static ulong Milliseconds(TimeSpan duration) => (ulong)Math.Clamp(Math.Round(duration.TotalMilliseconds), 0, MaxMilliseconds);

    private static TimeSpan Duration(ulong milliseconds) => TimeSpan.FromMilliseconds(Math.Min(milliseconds, MaxMilliseconds));
}
