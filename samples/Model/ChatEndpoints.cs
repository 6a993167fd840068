using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fairway.Model;

/// <summary>The OpenAI-compatible calls: <c>/v1/chat/completions</c> and <c>/v1/models</c>.</summary>
public static class ChatEndpoints
{
    public static void MapChatCompletions(this WebApplication app)
    {
        app.MapGet("/v1/models", () => TypedResults.Text(
            """{"object":"list","data":[{"id":"demo","object":"model","created":1767225600,"owned_by":"fairway"}]}""", "application/json"));
        app.MapPost("/v1/chat/completions", AnswerAsync);
    }

    private static async Task AnswerAsync(HttpContext context, KnobStore knobs, CallStatistics statistics, TimeProvider time)
    {
        ChatRequest request;
        try
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            request = ChatRequest.Read(body.RootElement, knobs.Current);
        }
        catch (JsonException exception)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "invalid_request_error", exception.Message);
            return;
        }

        statistics.Began();
        try
        {
            await SendAnswerAsync(context, request, time);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // the caller went away; the statistics say so
        }
        finally
        {
            statistics.Ended(context.RequestAborted.IsCancellationRequested && request.Knobs.Failure != Failure.Truncate);
        }
    }

    private static Task SendAnswerAsync(HttpContext context, ChatRequest request, TimeProvider time)
    {
        switch (request.Knobs.Failure)
        {
            case Failure.Status500:
                return RefuseAsync(context, StatusCodes.Status500InternalServerError, "server_error", "The model fell over.");
            case Failure.Status429:
                context.Response.Headers.RetryAfter = request.Knobs.RetryAfterSeconds.ToString();
                return RefuseAsync(context, StatusCodes.Status429TooManyRequests, "rate_limit_error", "The model is busy.");
            default:
                var answer = new Answer(request, time);
                return request.Stream ? answer.StreamAsync(context) : answer.WriteWholeAsync(context);
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string type, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        var error = new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["code"] = null, ["param"] = null } };
        return context.Response.WriteAsync(error.ToJsonString(), context.RequestAborted);
    }
}
