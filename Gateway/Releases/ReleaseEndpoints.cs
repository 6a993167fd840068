using Fairway.Core.Lanes;
using Fairway.Core.Releases;
using Fairway.Gateway.Auth;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;
using Fairway.Gateway.Operator;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Releases;

/// <summary>Releases: begin one, watch it, and say what it is to do.</summary>
internal static class ReleaseEndpoints
{
    private const string GreySet = "GREY_SET";

    public static IEndpointRouteBuilder MapReleases(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/releases", ListAsync).NeedsKey(KeyKind.Read).WithTags("releases").WithName("list-releases")
            .WithSummary("The last release of each service").Produces<ReleasesDocument>().Refuses(401, 503);
        var release = app.MapGroup("/v1/services/{service}/release").WithTags("releases");
        release.MapGet("", GetAsync).NeedsKey(KeyKind.Read).WithName("get-release").WithSummary("The last release of a service")
            .Produces<ReleaseDocument>().Refuses(400, 401, 404, 503);
        release.MapPost("", BeginAsync).NeedsKey(KeyKind.Admin).WithName("begin-release").WithSummary("Begin a release; audited")
            .TakesBody<ReleasePostDocument>().Produces<ReleaseDocument>(201).Refuses(400, 401, 409, 503);
        Map(release, "verify", "The new version is good: begin the ramp", (state, _, now) => ReleaseMachine.Verify(state, now));
        Map(release, "pause", "Stand still; requests go where they go", (state, word, _) => ReleaseMachine.Pause(state, word));
        Map(release, "resume", "Go on after a pause", (state, _, now) => ReleaseMachine.Resume(state, now));
        Map(release, "rollback", "Everybody back to the old version at once", ReleaseMachine.Rollback);
        release.MapPost("/finish", (HttpContext context, ReleaseHand hand, Desk desk, string service) => SayAsync(
                context, desk, hand, service, "finish", (state, _, now) => ReleaseMachine.Finish(state, hand.FleetOf(state.Plan), now)))
            .NeedsKey(KeyKind.Admin).WithName("finish-release").WithSummary("Everybody to the new version at once; audited")
            .TakesBody<ReleaseWordDocument>().Produces<ReleaseDocument>().Refuses(400, 401, 404, 409, 503);
        return app;
    }

    private static void Map(RouteGroupBuilder release, string word, string summary, Func<ReleaseState, string, DateTimeOffset, ReleaseStep> command) =>
        release.MapPost("/" + word, (HttpContext context, Desk desk, ReleaseHand hand, string service) => SayAsync(context, desk, hand, service, word, command))
            .NeedsKey(KeyKind.Admin).WithName($"{word}-release").WithSummary($"{summary}; audited")
            .TakesBody<ReleaseWordDocument>().Produces<ReleaseDocument>().Refuses(400, 401, 404, 409, 503);

    private static async Task<IResult> ListAsync(HttpContext context, ReleaseBook book, ReleaseHand hand) => TypedResults.Ok(new ReleasesDocument(
        [.. (await book.ListAsync(context.RequestAborted)).Select(record => ReleaseDocument.Of(record, hand.FleetOf(record.State.Plan)))]));

    private static async Task<IResult> GetAsync(HttpContext context, ReleaseBook book, ReleaseHand hand, string service)
    {
        RequestReader.Service(service);
        var (record, _) = await book.ReadAsync(service, context.RequestAborted) ?? throw ApiException.NotSet("release");
        return TypedResults.Ok(ReleaseDocument.Of(record, hand.FleetOf(record.State.Plan)));
    }

    private static async Task<IResult> BeginAsync(HttpContext context, Desk desk, ReleaseBook book, ReleaseHand hand, string service)
    {
        RequestReader.Service(service);
        var fields = new Fields(await JsonBody.ReadAsync(context));
        var plan = ReleaseReader.Plan(service, fields);
        var (author, reason) = (fields.RequiredText("author"), fields.RequiredText("reason"));
        if (desk.Directory.Current.Tables.Grey.TryGetValue(service, out GreyRule? grey) && grey.Target != plan.Lane)
        {
            throw new ApiException(409, GreySet, $"'{service}' has a grey rule to lane '{grey.Target}'; remove it first, a release sets its own.");
        }

        var step = Refusing(() => ReleaseMachine.Begin(plan, hand.FleetOf(plan), desk.Clock.GetUtcNow()));
        var record = new ReleaseRecord(step.State, desk.Gateway.Value.Id, author, reason, []);
        await book.BeginAsync(record, context.RequestAborted);
        desk.Audit.Changed(context, "begun", new OperatorKey("release", service, RegistryKeys.Release(service)), author, reason);
        foreach (var effect in step.Effects)
        {
            await hand.DoAsync(plan, effect, context.RequestAborted);
        }

        return TypedResults.Json(ReleaseDocument.Of(record, hand.FleetOf(plan)), statusCode: 201);
    }

    private static async Task<IResult> SayAsync(
        HttpContext context, Desk desk, ReleaseHand hand, string service, string word, Func<ReleaseState, string, DateTimeOffset, ReleaseStep> command)
    {
        RequestReader.Service(service);
        var fields = new Fields(await JsonBody.ReadAsync(context));
        var (author, reason) = (fields.RequiredText("author"), fields.RequiredText("reason"));
        var record = await desk.Runner.SayAsync(
            service, state => Refusing(() => command(state, $"{author}: {reason}", desk.Clock.GetUtcNow())), context.RequestAborted);
        desk.Audit.Changed(context, word, new OperatorKey("release", service, RegistryKeys.Release(service)), author, reason);
        return TypedResults.Ok(ReleaseDocument.Of(record, hand.FleetOf(record.State.Plan)));
    }

    private static ReleaseStep Refusing(Func<ReleaseStep> step)
    {
        try
        {
            return step();
        }
        catch (ReleaseRefusedException refused)
        {
            throw new ApiException(409, refused.Code, refused.Message);
        }
    }

    /// <summary>What the calls share.</summary>
    internal sealed record Desk(ReleaseRunner Runner, DirectoryStore Directory, Audit Audit, TimeProvider Clock, IOptions<GatewayOptions> Gateway);
}
