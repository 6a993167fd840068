using System.Globalization;
using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.Streams;

/// <summary>The answer to a posted request: what to read, and what to acknowledge.</summary>
/// <param name="Version">A decimal number; it may pass 2^53.</param>
/// <param name="Events">Path of the answer's frames.</param>
/// <param name="Ack">Path of the acknowledgement.</param>
public sealed record AcceptedDocument(string Version, string Events, string Ack)
{
    internal static AcceptedDocument Of(long version) => new(
        version.ToString(CultureInfo.InvariantCulture),
        string.Create(CultureInfo.InvariantCulture, $"/v1/streams/{version}/events"),
        string.Create(CultureInfo.InvariantCulture, $"/v1/streams/{version}/ack"));
}

/// <summary>What is known of a held version.</summary>
/// <param name="State"><c>queued streaming done failed superseded stopped expired</c>.</param>
/// <param name="Frames">Stored frames, the terminal included.</param>
/// <param name="CreatedAt">RFC 3339, UTC.</param>
public sealed record StreamDocument(string Version, string Conversation, string State, int Frames, string CreatedAt)
{
    internal static StreamDocument Of(StreamSummary summary) => new(
        summary.Version.ToString(CultureInfo.InvariantCulture),
        ConversationNames.Shown(summary.Conversation),
        ((StreamState)summary.State).ToString().ToLowerInvariant(),
        summary.Frames,
        UtcConverter.Format(summary.CreatedAt));
}

/// <summary>Describes a posted request in the OpenAPI document: an OpenAI chat request, and the conversation it belongs to.</summary>
public sealed record ChatDocument(string? Conversation, string? Model, IReadOnlyList<ChatMessageDocument> Messages);

/// <summary>One message of a chat request.</summary>
public sealed record ChatMessageDocument(string Role, string Content);
