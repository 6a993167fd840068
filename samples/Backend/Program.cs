using Fairway.Backend;
using Fairway.Sdk;
using Fairway.Sdk.Lanes;
using Fairway.Sdk.Registration;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration.AddCommandLine(args, new Dictionary<string, string>
{
    ["--service"] = "Fairway:Service",
    ["--id"] = "Fairway:Id",
    ["--port"] = "Fairway:Port",
    ["--zone"] = "Fairway:Zone",
    ["--lane"] = "Fairway:Lane",
    ["--etcd"] = "FAIRWAY_ETCD",
    ["--latency-ms"] = "Backend:LatencyMs",
    ["--error-rate"] = "Backend:ErrorRate",
    ["--cpu-ms"] = "Backend:CpuMs",
    ["--memory-mib"] = "Backend:MemoryMib",
    ["--self-rps"] = "Backend:SelfRps",
    ["--topic"] = "Backend:Topic",
});
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning); // not two lines a request
builder.AddFairway();

var settings = builder.Configuration.GetSection("Backend");
var knobs = settings.Get<Knobs>() ?? new Knobs();
if (knobs.Failure() is { } failure)
{
    Console.Error.WriteLine($"BAD_FIELD: {failure}");
    return 2;
}

builder.Services.AddSingleton(services => new Worker(knobs, services.GetRequiredService<TimeProvider>()));
builder.Services.AddHostedService<SelfLoad>();
builder.Services.AddOptions<SelfLoadOptions>().Bind(settings)
    .Validate(load => load.SelfRps is >= 0 and <= 500, "BAD_FIELD: selfRps is 0 to 500").ValidateOnStart();

var topic = settings["Topic"];
if (!string.IsNullOrEmpty(topic))
{
    builder.AddMailbox(topic);
}

var app = builder.Build();
if (!string.IsNullOrEmpty(topic))
{
    app.MapMailbox(topic);
}

app.MapGet("/work", async (Worker worker, FairwayInstance me, CancellationToken cancellation) =>
    await worker.WorkAsync(cancellation)
        ? Results.Ok(new { me.Record?.Service, me.Record?.Id })
        : Results.Json(new { me.Record?.Service, me.Record?.Id, code = "KNOB_FAILURE" }, statusCode: 500));
app.MapGet("/knobs", (Worker worker) => worker.Knobs);
app.MapPost("/knobs", (Worker worker, KnobsChange change) => worker.Change(change) switch
{
    var changed when changed.Failure() is { } reason => Results.Problem(reason, statusCode: 400, extensions: new Dictionary<string, object?> { ["code"] = "BAD_FIELD" }),
    var changed => Results.Ok(changed),
});
app.MapGet("/whoami", (FairwayInstance me) => new { State = me.State.ToString(), me.ErrorCode, me.Error, me.Record, Label = LaneContext.Current.Lane });
app.MapGet("/healthz", () => "ok");
app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"READY {app.Urls.First()}"));
app.Run();
return 0;
