namespace Fairway.Gateway.Http;

/// <summary>
/// Answers <c>HEAD</c> as <c>GET</c> (RFC 9110, 9.3.2); the server leaves the body away by itself. Streams of events, which have no end
/// of their own, refuse it as any other method they do not offer.
/// </summary>
public sealed class HeadMiddleware(RequestDelegate next)
{
    private const string Events = "/events";

    public Task InvokeAsync(HttpContext context)
    {
        if (HttpMethods.IsHead(context.Request.Method) && context.Request.Path.Value?.EndsWith(Events, StringComparison.Ordinal) != true)
        {
            context.Request.Method = HttpMethods.Get;
        }

        return next(context);
    }
}
