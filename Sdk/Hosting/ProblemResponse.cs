using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Fairway.Sdk.Hosting;

/// <summary>Refusals as <c>application/problem+json</c> (RFC 9457) with a stable <c>code</c>, as a Gateway has them.</summary>
internal static class ProblemResponse
{
    /// <summary>Answers with a refusal; the response must not have started.</summary>
    public static Task WriteAsync(HttpContext context, int status, string code, string detail)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        response.Headers.CacheControl = "no-store";
        var title = ReasonPhrases.GetReasonPhrase(status);
        var body = JsonSerializer.SerializeToUtf8Bytes(new { type = "about:blank", title, status, detail, code });
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body, CancellationToken.None).AsTask();
    }
}
