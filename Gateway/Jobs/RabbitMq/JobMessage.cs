using System.Diagnostics.CodeAnalysis;
using Fairway.Core.Lanes;
using Fairway.GrainInterfaces.Streams;
using Fairway.Sdk.RabbitMq;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Storage;
using RabbitMQ.Client;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>A job as a message. Its body has the number of its form, then its fields as in <see cref="RecordIO"/>; its label stands in headers.</summary>
internal static class JobMessage
{
    private const byte Form = 1;

    public static byte[] Encode(StreamJob job) => RecordIO.Write(writer =>
    {
        writer.Write(Form);
        writer.Write(job.User);
        writer.Write(job.Version);
        writer.Write(job.Conversation);
        writer.WriteRun(job.Request.Memory);
    });

    /// <summary>Where the label and the stamp of a job stand, as on every message of lanes.</summary>
    public static BasicProperties Properties(Label label, TopicStamp stamp)
    {
        var properties = new BasicProperties { Persistent = true };
        if (!label.IsEmpty)
        {
            properties.Headers = new Dictionary<string, object?> { [MessageHeaders.Stamp] = stamp.Write() };
            LaneMessage.WriteLabel(label, properties.Headers);
        }

        return properties;
    }

    /// <summary>The job of a message with its label. False where its body is no job, or one of a later form.</summary>
    public static bool TryDecode(BrokerDelivery delivery, [NotNullWhen(true)] out StreamJob? job)
    {
        if (!TryDecode(delivery.Body, out job))
        {
            return false;
        }

        job = job with { Label = LabelText.Write(LaneMessage.ReadLabel(delivery)) };
        return true;
    }

    private static bool TryDecode(byte[] body, [NotNullWhen(true)] out StreamJob? job)
    {
        try
        {
            job = RecordIO.Read(body, reader => reader.ReadByte() == Form
                ? new StreamJob(reader.ReadString(), reader.ReadInt64(), reader.ReadString(), 1, StreamBytes.From(reader.ReadRun()), MayHaveStored: false)
                : null);
        }
        catch (Exception malformed) when (malformed is IOException or FormatException or ArgumentException)
        {
            job = null;
        }

        return job is not null;
    }
}
