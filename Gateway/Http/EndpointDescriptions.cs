using Microsoft.OpenApi;

namespace Fairway.Gateway.Http;

/// <summary>What the OpenAPI document says of refusals and bodies.</summary>
internal static class EndpointDescriptions
{
    /// <summary>The statuses with which a call is refused, each with a <see cref="Problem"/>.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.Produces<Problem>(status, "application/problem+json");
        }

        return route;
    }

    /// <summary>
    /// Describes the body. Routing's own description of bodies would also refuse every content type but JSON's, which would
    /// turn away a plain <c>curl -d</c>.
    /// </summary>
    public static RouteHandlerBuilder TakesBody<T>(this RouteHandlerBuilder route, bool required = true) => route
        .Refuses(413)
        .AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = required,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/json"] = new()
                    {
                        Schema = await context.GetOrCreateSchemaAsync(typeof(T), cancellationToken: cancellationToken),
                    },
                },
            });
}
