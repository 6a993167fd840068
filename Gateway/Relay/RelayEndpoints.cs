using Fairway.Gateway.Auth.Users;
using Fairway.Gateway.Http;
using Fairway.Gateway.Streams;

namespace Fairway.Gateway.Relay;

/// <summary>What OpenAI's clients call, over the same buffers, queue and workers as <c>/v1/streams</c>.</summary>
public static class RelayEndpoints
{
    public static IEndpointRouteBuilder MapRelay(this IEndpointRouteBuilder app)
    {
        var relay = app.MapGroup("/v1").NeedsUser().WithTags("openai");
        relay.MapPost("/chat/completions", (HttpContext context, ChatCompletions chat) => chat.PostAsync(context))
            .WithSummary("Have a chat answered, whole or as a stream, as OpenAI's API has it")
            .TakesBody<ChatDocument>().Produces(200, contentType: "application/json").Refuses(400, 401, 404, 409, 422, 429, 500, 502, 503);
        relay.MapGet("/models", (ModelList models) => models.All()).WithSummary("List the models that can be asked")
            .Produces<ModelListDocument>().Refuses(401);
        relay.MapGet("/models/{**id}", (ModelList models, string id) => models.One(id)).WithSummary("Describe one model")
            .Produces<ModelDocument>().Refuses(401, 404);
        relay.MapPost("/responses", (HttpContext context, Responses responses) => responses.PostAsync(context))
            .WithSummary("Have a response made, also in the background, as OpenAI's API has it")
            .TakesBody<ResponseRequestDocument>().Produces(200, contentType: "application/json").Refuses(400, 401, 404, 409, 422, 429, 500, 502, 503);
        relay.MapGet("/responses/{id}", (HttpContext context, Responses responses, string id) => responses.GetAsync(context, id))
            .WithSummary("Read a response, or its events after a number")
            .Produces(200, contentType: "application/json").Refuses(400, 401, 404, 503);
        relay.MapPost("/responses/{id}/cancel", (HttpContext context, Responses responses, string id) => responses.CancelAsync(context, id))
            .WithSummary("Stop a response of the background where it stands")
            .Produces(200, contentType: "application/json").Refuses(400, 401, 404);
        relay.MapDelete("/responses/{id}", (HttpContext context, Responses responses, string id) => responses.DeleteAsync(context, id))
            .WithSummary("Forget a response")
            .Produces(200, contentType: "application/json").Refuses(401, 404);
        return app;
    }

    internal static void AddRelay(this IServiceCollection services)
    {
        services.AddSingleton<RelayMetrics>();
        services.AddSingleton<RelayCalls>();
        services.AddSingleton<ChatCompletions>();
        services.AddSingleton<ModelList>();
        services.AddSingleton<Responses>();
    }
}

/// <summary>Describes a posted request of the Responses API in the OpenAPI document.</summary>
public sealed record ResponseRequestDocument(string? Model, object Input, string? Instructions, bool? Background, bool? Stream, bool? Store);
