using Fairway.GrpcWire.Orca;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Fairway.Exporter.Load;

/// <summary>
/// One message of a load stream, read as an <see cref="OrcaLoadReport"/> if it is one. Bytes that do not decode are a
/// state of the frame, not an end of the stream: garbage in one report says nothing about the next.
/// </summary>
internal sealed class ReportFrame : IMessage<ReportFrame>, IBufferMessage
{
    /// <summary>The report; null when the bytes did not decode.</summary>
    public OrcaLoadReport? Report { get; private set; }

    public MessageDescriptor Descriptor => OrcaLoadReport.Descriptor;

    public LoadReading Read() => Report is { } report ? LoadReading.Of(report) : LoadReading.Undecodable;

    void IBufferMessage.InternalMergeFrom(ref ParseContext context)
    {
        // On a copy: the caller takes an untouched context as read to its end.
        var attempt = context;
        var report = new OrcaLoadReport();
        try
        {
            ((IBufferMessage)report).InternalMergeFrom(ref attempt);
            context = attempt;
            Report = report;
        }
        catch (InvalidProtocolBufferException)
        {
            Report = null;
        }
    }

    public void MergeFrom(CodedInputStream input) => input.ReadRawMessage(this);

    public void MergeFrom(ReportFrame message) => Report = message.Report;

    public ReportFrame Clone() => new() { Report = Report?.Clone() };

    public bool Equals(ReportFrame? other) => other is not null && Equals(Report, other.Report);

    public override bool Equals(object? obj) => Equals(obj as ReportFrame);

    public override int GetHashCode() => Report?.GetHashCode() ?? 0;

    public int CalculateSize() => Report?.CalculateSize() ?? 0;

    public void WriteTo(CodedOutputStream output) => Report?.WriteTo(output);

    void IBufferMessage.InternalWriteTo(ref WriteContext context)
    {
        if (Report is { } report)
        {
            ((IBufferMessage)report).InternalWriteTo(ref context);
        }
    }
}
