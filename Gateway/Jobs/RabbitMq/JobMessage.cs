using System.Diagnostics.CodeAnalysis;
using Fairway.GrainInterfaces.Streams;
using Fairway.Storage;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>A job as the body of a message: the number of its form, then its fields as in <see cref="RecordIO"/>.</summary>
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

    /// <summary>False where the bytes are no job, or one of a later form.</summary>
    public static bool TryDecode(byte[] body, [NotNullWhen(true)] out StreamJob? job)
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
