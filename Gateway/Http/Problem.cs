using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fairway.Gateway.Relay;

namespace Fairway.Gateway.Http;

/// <summary>The body of every refusal (RFC 9457), with a stable <c>code</c> for programs to act on.</summary>
public sealed record Problem(string Type, string Title, int Status, string Detail, string Code)
{
    // Quotes in a message are for people to read; the body is never part of a page.
    private static readonly ProblemJson Json =
        new(new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Answers with this refusal; the response must not have started.</summary>
    /// <param name="field">The field of the request that it is about; only the relay's callers are told.</param>
    public static Task WriteAsync(HttpContext context, int status, string code, string detail, string? field = null)
    {
        if (RelayError.IsExpectedBy(context.Request))
        {
            return new RelayError(status, code, detail) { Param = field }.WriteAsync(context);
        }

        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        response.Headers.CacheControl = "no-store";
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new Problem("about:blank", TitleOf(status), status, detail, code), Json.Problem);
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, CancellationToken.None).AsTask();
    }

    private static string TitleOf(int status) =>
        Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } phrase ? phrase : "Error";
}

[JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : JsonSerializerContext;
