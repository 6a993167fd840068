using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fairway.Core.Directory;

namespace Fairway.Gateway.Http;

/// <summary>
/// The fields of a posted document, each read with its rule. Absent and null are alike; a value of another type or out of its
/// range is <c>BAD_FIELD</c>, naming the field.
/// </summary>
public sealed partial class Fields(JsonObject document)
{
    public const int MaxText = 1024;

    public JsonObject Document => document;

    public string? Text(string field, int max = MaxText)
    {
        if (document[field] is not { } node)
        {
            return null;
        }

        return node.GetValueKind() == JsonValueKind.String && node.GetValue<string>() is var text && text.Length <= max
            ? text
            : throw ApiException.BadField(field, $"must be a string of at most {max} characters");
    }

    public string RequiredText(string field, int max = MaxText) => Text(field, max) is { } text && !string.IsNullOrWhiteSpace(text)
        ? text
        : throw ApiException.BadField(field, "is required and must not be empty");

    public string? Choice(string field, params ReadOnlySpan<string> choices)
    {
        var text = Text(field);
        return text is null || choices.Contains(text)
            ? text
            : throw ApiException.BadField(field, $"must be one of {string.Join(", ", choices!)}");
    }

    /// <summary>A name, or empty or absent for none.</summary>
    public string Lane(string field)
    {
        var lane = Text(field);
        return string.IsNullOrEmpty(lane) ? "" : RequestReader.Lane(lane);
    }

    /// <summary>An <c>ip:port</c> in its one spelling; null when absent.</summary>
    public string? Address(string field) => Text(field) is { } text
        ? RequestReader.Address(text) ?? throw ApiException.BadField(field, "must be ip:port, such as 10.0.0.1:8080 or [::1]:8080")
        : null;

    public double? Number(string field, double min = 0, double max = 1e9) =>
        document[field] is { } node ? Number(field, node, min, max) : null;

    public int? Whole(string field, int min, int max) => Number(field, min, max) is not { } number
        ? null
        : number == Math.Floor(number) ? (int)number : throw ApiException.BadField(field, "must be a whole number");

    public bool? Flag(string field) => document[field]?.GetValueKind() switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw ApiException.BadField(field, "must be true or false"),
    };

    /// <summary>An RFC 3339 time with its offset, as UTC.</summary>
    public DateTimeOffset? Time(string field) => Text(field) is not { } text
        ? null
        : Rfc3339().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time)
            ? time.ToUniversalTime()
            : throw ApiException.BadField(field, "must be an RFC 3339 time, such as 2026-01-01T00:00:00Z");

    /// <summary>When the document ceases to hold; it must lie ahead.</summary>
    public DateTimeOffset? ExpiresAt(TimeProvider clock) => Time("expiresAt") is { } at && at <= clock.GetUtcNow()
        ? throw ApiException.BadField("expiresAt", "lies in the past")
        : Time("expiresAt");

    public ImmutableSortedDictionary<string, double> Numbers(string field, double min, double max, Func<string, bool> isKey) =>
        Members(field).ToImmutableSortedDictionary(
            member => isKey(member.Key) ? member.Key : throw ApiException.BadField($"{field}.{member.Key}", "is no known name"),
            member => member.Value is { } node ? Number($"{field}.{member.Key}", node, min, max) : throw ApiException.BadField($"{field}.{member.Key}", "must be a number"),
            StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, string> Texts(string field) =>
        Members(field).ToImmutableSortedDictionary(
            member => member.Key, member => TextOf($"{field}.{member.Key}", member.Value), StringComparer.Ordinal);

    public ImmutableArray<string> TextList(string field) =>
        [.. Items(field).Select((item, index) => TextOf($"{field}[{index}]", item))];

    public ImmutableArray<MethodRecord> Methods(string field) => [.. Items(field).Select((item, index) =>
    {
        var method = new Fields(item as JsonObject ?? throw ApiException.BadField($"{field}[{index}]", "must be an object"));
        return new MethodRecord(method.RequiredText("name"), method.Lane("lane"));
    })];

    private static double Number(string field, JsonNode node, double min, double max) =>
        node.GetValueKind() == JsonValueKind.Number && node.GetValue<JsonElement>().TryGetDouble(out var number)
        && double.IsFinite(number) && number >= min && number <= max
            ? number
            : throw ApiException.BadField(field, string.Create(CultureInfo.InvariantCulture, $"must be a number from {min} to {max}"));

    private static string TextOf(string field, JsonNode? node) => node?.GetValueKind() == JsonValueKind.String
        ? node.GetValue<string>()
        : throw ApiException.BadField(field, "must be a string");

    private JsonObject Members(string field) => document[field] switch
    {
        null => [],
        JsonObject members => members,
        _ => throw ApiException.BadField(field, "must be an object"),
    };

    private JsonArray Items(string field) => document[field] switch
    {
        null => [],
        JsonArray items => items,
        _ => throw ApiException.BadField(field, "must be an array"),
    };

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
