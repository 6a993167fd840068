using Fairway.Sdk.Hosting;
using Microsoft.AspNetCore.Http;

namespace Fairway.Sdk.Stress;

/// <summary>Finds the key of each stress request, and turns a refusal of the gate into problem+json with its code.</summary>
internal sealed class StressMiddleware(RequestDelegate next, StressGate gate)
{
    public Task InvokeAsync(HttpContext context) => StressGate.IsMarked ? ServeAsync(context) : next(context);

    private async Task ServeAsync(HttpContext context)
    {
        StressKey.Use(StressKey.Of(context, gate.Rule.Key));
        try
        {
            await next(context);
        }
        catch (StressException refused) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            await ProblemResponse.WriteAsync(context, refused.Status, refused.Code, refused.Message);
        }
    }
}
