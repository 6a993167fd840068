using System.Text.Json.Nodes;
using Fairway.Gateway.Auth;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.Registration;

/// <summary>Registration over HTTP, for services without the Sdk.</summary>
public static class RegistrationEndpoints
{
    public static IEndpointRouteBuilder MapRegistration(this IEndpointRouteBuilder app)
    {
        var instances = app.MapGroup("/v1/services/{service}/instances/{id}").NeedsKey(KeyKind.Registrar).WithTags("registration");
        instances.MapPut("", PutAsync).WithName("register")
            .WithSummary("Register an instance, or renew its registration")
            .WithDescription("When it returns, this Gateway shows it. Unknown fields are kept and ignored; 409 LANE_UNKNOWN for a lane that the environment list lacks.")
            .TakesBody<InstanceDocument>().Produces<InstanceDocument>(201).Produces<InstanceDocument>().Refuses(400, 401, 409, 503);
        instances.MapDelete("", DeleteAsync).WithName("deregister")
            .WithSummary("End an instance's registration").Produces(204).Refuses(400, 401, 404, 503);
        instances.MapPost("/heartbeat", HeartbeatAsync).WithName("heartbeat")
            .WithSummary("Renew an instance's registration for another time to live").Produces(204).Refuses(400, 401, 404, 503);
        instances.MapPost("/status", StatusAsync).WithName("status")
            .WithSummary("Report an instance's load and whether it serves")
            .WithDescription("`serving: false` stands until `true`. A report does not renew the registration.")
            .TakesBody<StatusDocument>().Produces(204).Refuses(400, 401, 404, 503);
        return app;
    }

    private static async Task<IResult> PutAsync(HttpContext context, Registrar registrar, string service, string id)
    {
        (service, id) = Names(service, id);
        var fields = new Fields(await JsonBody.ReadAsync(context));
        var (record, ttl) = InstanceReader.Record(service, id, fields);
        var (created, stored) = await registrar.RegisterAsync(record, ttl, fields.Document, context.RequestAborted);
        return Stored.Answer(created, stored, new JsonObject
        {
            ["lane"] = null,
            ["probeAddress"] = null,
            ["methods"] = new JsonArray(),
            ["metadata"] = new JsonObject(),
            ["startedAt"] = null,
        });
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, Registrar registrar, string service, string id)
    {
        (service, id) = Names(service, id);
        await registrar.DeregisterAsync(service, id, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> HeartbeatAsync(HttpContext context, Registrar registrar, string service, string id)
    {
        (service, id) = Names(service, id);
        await registrar.HeartbeatAsync(service, id, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> StatusAsync(HttpContext context, Registrar registrar, string service, string id)
    {
        (service, id) = Names(service, id);
        var (serving, sample) = InstanceReader.Status(new Fields(await JsonBody.ReadAsync(context)));
        await registrar.ReportAsync(service, id, serving, sample, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static (string Service, string Id) Names(string service, string id) =>
        (RequestReader.Service(service), RequestReader.Instance(id));
}
