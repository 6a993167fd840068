using Microsoft.AspNetCore.Http;

namespace Fairway.Sdk.Load;

/// <summary>
/// Meters each request and puts the load on its response. Errors are 5xx, exceptions, and what <see cref="GrpcOutcome"/> says of gRPC
/// calls. A request that its caller gave up is no error.
/// </summary>
internal sealed class RequestMeterMiddleware
{
    private readonly RequestDelegate _next;
    private readonly RequestMeter _meter;
    private readonly LoadHeader? _header;
    private readonly Func<object, Task> _writeHeader;

    public RequestMeterMiddleware(RequestDelegate next, RequestMeter meter, LoadHeader? header)
    {
        _next = next;
        _meter = meter;
        _header = header;
        _writeHeader = WriteHeader; // once, not a delegate a request
    }

    public async Task InvokeAsync(HttpContext context)
    {
        var begun = _meter.Begin();
        var failed = true;
        try
        {
            if (_header != null)
            {
                context.Response.OnStarting(_writeHeader, context.Response);
            }

            await _next(context);
            failed = context.Response.StatusCode >= StatusCodes.Status500InternalServerError || GrpcOutcome.IsFailure(context.Response);
        }
        catch when (context.RequestAborted.IsCancellationRequested)
        {
            failed = false;
            throw;
        }
        finally
        {
            _meter.End(begun, failed);
        }
    }

    private Task WriteHeader(object response)
    {
        ((HttpResponse)response).Headers[LoadHeader.Name] = _header!.Value;
        return Task.CompletedTask;
    }
}
