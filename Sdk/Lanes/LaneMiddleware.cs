using System.Diagnostics;
using Fairway.Core.Lanes;
using Fairway.Sdk.Client;
using Fairway.Sdk.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Fairway.Sdk.Lanes;

/// <summary>
/// A trusted hop: takes the label of each request in, or refuses it with 400 and a code. gRPC calls are refused with
/// INVALID_ARGUMENT, as gRPC clients do not read bodies of errors. A call of another service that had no route, where the service
/// itself has no answer to that, is 503 with the route's code.
/// </summary>
public sealed class LaneMiddleware(RequestDelegate next, LaneIngress ingress)
{
    private const string GrpcType = "application/grpc";
    private const string InvalidArgument = "3";

    public Task InvokeAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var headers = context.Request.Headers;
        Clear(Activity.Current);
        if (!ingress.TryRead(
                Joined(headers, LabelHeaders.FlowType), Joined(headers, LabelHeaders.Stress), Joined(headers, LabelHeaders.Offline),
                Joined(headers, LabelHeaders.Signature), out var label, out var fault))
        {
            return RefuseAsync(context, fault);
        }

        return ServeAsync(context, label);
    }

    private async Task ServeAsync(HttpContext context, Label label)
    {
        using var scope = LaneContext.Use(label);
        if (!label.IsEmpty)
        {
            if (Activity.Current is { } activity)
            {
                activity.SetTag("fairway.lane.label", label.Lane);
                activity.SetTag("fairway.lane.stress", label.Stress ? true : null);
            }

            // What a label chose must not be served to who has another one.
            context.Response.OnStarting(static state => VaryByLabel((HttpResponse)state), context.Response);
            if (context.Request.Headers.ContainsKey(LabelHeaders.Why))
            {
                var trail = LaneTrail.Current = new LaneTrail();
                context.Response.OnStarting(() =>
                {
                    if (trail.Lines is { Length: > 0 } lines)
                    {
                        context.Response.Headers[LabelHeaders.Why] = lines;
                    }

                    return Task.CompletedTask;
                });
            }
        }

        try
        {
            await next(context);
        }
        catch (FairwayClientException nowhere) when (!context.Response.HasStarted && nowhere.Code is RouteCodes.LaneServiceDown or RouteCodes.NoProvider)
        {
            await ProblemResponse.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, nowhere.Code, nowhere.Message);
        }
    }

    private static Task VaryByLabel(HttpResponse response)
    {
        response.Headers.Vary = StringValues.Concat(response.Headers.Vary, LabelHeaders.FlowType);
        return Task.CompletedTask;
    }

    /// <summary>The runtime read the members of the baggage unsigned, and would write them on to any host.</summary>
    private static void Clear(Activity? activity)
    {
        for (; activity is not null; activity = activity.Parent)
        {
            activity.SetBaggage(LabelHeaders.LaneMember, null);
            activity.SetBaggage(LabelHeaders.StressMember, null);
        }
    }

    private static string? Joined(IHeaderDictionary headers, string name) =>
        headers.TryGetValue(name, out var values) ? values.ToString() : null;

    private static Task RefuseAsync(HttpContext context, LabelFault fault)
    {
        var code = LabelReader.CodeOf(fault);
        if (context.Request.ContentType?.StartsWith(GrpcType, StringComparison.OrdinalIgnoreCase) is not true)
        {
            return ProblemResponse.WriteAsync(context, StatusCodes.Status400BadRequest, code, LabelReader.DescribeOf(fault));
        }

        context.Response.ContentType = GrpcType;
        context.Response.Headers["grpc-status"] = InvalidArgument;
        context.Response.Headers["grpc-message"] = code;
        return Task.CompletedTask;
    }
}
