using Fairway.Gateway.Jobs;
using Fairway.Gateway.Relay;
using Fairway.GrainInterfaces.Streams;
using Fairway.Registry;

namespace Fairway.Gateway.Http;

/// <summary>Turns every refusal and failure into <c>application/problem+json</c>, those of routing and Kestrel included.</summary>
public sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            await RefuseAsync(context, error);
            return;
        }

        var response = context.Response;
        if (response.StatusCode >= 400 && !response.HasStarted && response.ContentType is null && response.ContentLength is null)
        {
            var (code, detail) = Describe(context, response.StatusCode);
            await Problem.WriteAsync(context, response.StatusCode, code, detail);
        }
    }

    private Task RefuseAsync(HttpContext context, Exception error)
    {
        context.Response.Headers.ETag = default;
        switch (error)
        {
            case ApiException refusal:
                return Problem.WriteAsync(context, refusal.Status, refusal.Code, refusal.Message, refusal.Field);
            case RelayException relayed:
                return relayed.Error.WriteAsync(context);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Problem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, "BODY_TOO_LARGE", "The body is larger than this call takes.");
            case BadHttpRequestException bad:
                return Problem.WriteAsync(context, bad.StatusCode, "BAD_REQUEST", bad.Message);
            case RegistryException { Error: RegistryError.Refused } refused:
                Log.RegistryFailed(logger, context.Request.Path, refused);
                return Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "REGISTRY_REFUSED", "The registry refuses this write.");
            case RegistryException away:
                Log.RegistryFailed(logger, context.Request.Path, away);
                return Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "REGISTRY_AWAY", "The registry does not answer; try again.");
            case QueueAwayException:
                return WriteAwayAsync(context, "QUEUE_AWAY", error.Message);
            case HistoryAwayException:
                return WriteAwayAsync(context, "HISTORY_AWAY", error.Message);
            case OrleansException or TimeoutException:
                Log.RequestFailed(logger, context.Request.Method, context.Request.Path, error);
                return WriteAwayAsync(context, "SILO_AWAY", "The silo that holds this does not answer; try again.");
            case OperationCanceledException when context.RequestAborted.IsCancellationRequested:
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                return Task.CompletedTask;
            default:
                Log.RequestFailed(logger, context.Request.Method, context.Request.Path, error);
                return Problem.WriteAsync(context, StatusCodes.Status500InternalServerError, "INTERNAL", "The Gateway failed to answer; its log says why.");
        }
    }

    private static Task WriteAwayAsync(HttpContext context, string code, string detail)
    {
        context.Response.Headers.RetryAfter = "1";
        return Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, code, detail);
    }

    private static (string Code, string Detail) Describe(HttpContext context, int status) => status switch
    {
        StatusCodes.Status404NotFound => ("NOT_FOUND", "Nothing is served at this path."),
        StatusCodes.Status405MethodNotAllowed =>
            ("METHOD_NOT_ALLOWED", $"{context.Request.Method} is not offered here; allowed: {context.Response.Headers.Allow}."),
        StatusCodes.Status413PayloadTooLarge => ("BODY_TOO_LARGE", "The body is larger than this call takes."),
        StatusCodes.Status415UnsupportedMediaType => ("UNSUPPORTED_MEDIA_TYPE", "The body must be JSON."),
        _ => ("BAD_REQUEST", "The request cannot be served."),
    };
}
