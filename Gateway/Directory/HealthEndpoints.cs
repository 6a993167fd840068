using Fairway.Gateway.Http;

namespace Fairway.Gateway.Directory;

/// <summary>Whether the process lives, and whether it knows the directory.</summary>
public static class HealthEndpoints
{
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", () => TypedResults.Json(new HealthDocument("ok")))
            .WithTags("health").WithName("healthz").WithSummary("Say that the process lives").Produces<HealthDocument>();
        app.MapGet("/readyz", (DirectoryStore store) => store.Current is { Ready: true } snapshot
                ? TypedResults.Json(new ReadyDocument("ready", snapshot.StaleSince is not null))
                : throw ApiException.NotReady())
            .WithTags("health").WithName("readyz").WithSummary("Say whether the first listing is in; stays 200 when the lists are stale")
            .Produces<ReadyDocument>().Refuses(503);
        return app;
    }
}

/// <summary>The answer of <c>/healthz</c>.</summary>
public sealed record HealthDocument(string Status);

/// <summary>The answer of <c>/readyz</c>.</summary>
/// <param name="Stale">Whether the lists may lag behind the registry.</param>
public sealed record ReadyDocument(string Status, bool Stale);
