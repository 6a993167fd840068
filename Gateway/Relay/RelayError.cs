using System.Globalization;
using System.Text.Json;
using Fairway.Core.Streams;
using Fairway.Gateway.Generation;
using Fairway.Gateway.Streams;

namespace Fairway.Gateway.Relay;

/// <summary>A refusal or failure as OpenAI clients read it: <c>{"error":{message,type,code,param}}</c>.</summary>
/// <param name="Status">HTTP status, where the response has not begun.</param>
/// <param name="Code">The stable code, as everywhere in Fairway.</param>
internal sealed record RelayError(int Status, string Code, string Message)
{
    /// <summary>What a rate-limited caller waits where the model did not say how long.</summary>
    private static readonly TimeSpan DefaultRetryAfter = TimeSpan.FromSeconds(1);

    private static readonly JsonWriterOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The field of the request that it is about.</summary>
    public string? Param { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The kind of failure, in the API's words.</summary>
    public string Type => Status switch
    {
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    /// <summary>Whether a call belongs to the OpenAI-compatible part, so that every refusal of it takes this shape.</summary>
    public static bool IsExpectedBy(HttpRequest request) =>
        request.Path.StartsWithSegments("/v1/chat", StringComparison.Ordinal)
        || request.Path.StartsWithSegments("/v1/responses", StringComparison.Ordinal)
        || request.Path.StartsWithSegments("/v1/models", StringComparison.Ordinal);

    public static RelayError UnknownModel(string? name) =>
        new(404, "model_not_found", name is null ? "No model is configured." : $"The model '{name}' does not exist.") { Param = "model" };

    /// <summary>The version is no longer there, without a word why.</summary>
    public static RelayError Gone { get; } = new(500, StreamErrors.Interrupted, "The answer broke off.");

    public static RelayError Draining { get; } = new(503, "DRAINING", "This Gateway is about to stop; try again.");

    /// <summary>What ended an answer; null where it came to its own end, or was stopped.</summary>
    public static RelayError? Of(in SseFrame terminal) => terminal.Kind switch
    {
        FrameKind.Error => OfError(terminal.Data),
        FrameKind.Superseded => new RelayError(409, "SUPERSEDED", "A newer request of the same conversation took this one's place."),
        FrameKind.Expired => new RelayError(500, "EXPIRED", "Nobody read the answer in time."),
        _ => null,
    };

    /// <summary>Answers with this error; the response must not have begun.</summary>
    public Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = ((long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (Status == StatusCodes.Status409Conflict)
        {
            response.Headers["x-should-retry"] = "false"; // clients retry conflicts, and would supersede in their turn
        }

        var body = ToJson();
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body, CancellationToken.None).AsTask();
    }

    /// <summary>The object, in UTF-8.</summary>
    public byte[] ToJson()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            json.WriteStartObject("error"u8);
            json.WriteString("message"u8, Message);
            json.WriteString("type"u8, Type);
            json.WriteString("code"u8, Code);
            json.WriteString("param"u8, Param);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static RelayError OfError(ReadOnlyMemory<byte> data)
    {
        using var document = JsonDocument.Parse(data);
        var code = document.RootElement.GetProperty("code").GetString()!;
        var message = document.RootElement.GetProperty("message").GetString()!;
        if (code == UpstreamErrors.RateLimited)
        {
            var wait = document.RootElement.TryGetProperty("retryAfter", out var seconds) ? TimeSpan.FromSeconds(seconds.GetInt64()) : DefaultRetryAfter;
            return new RelayError(429, code, message) { RetryAfter = wait };
        }

        return new RelayError(code.StartsWith("UPSTREAM_", StringComparison.Ordinal) ? 502 : 500, code, message);
    }
}

/// <summary>Refuses a relayed call.</summary>
internal sealed class RelayException(RelayError error) : Exception(error.Message)
{
    public RelayError Error { get; } = error;
}
