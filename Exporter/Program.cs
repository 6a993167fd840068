using System.Net;
using Fairway.Exporter;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration.AddCommandLine(args, new Dictionary<string, string>
{
    ["--etcd"] = "Registry:Etcd:Endpoints",
    ["--id"] = "Exporter:Id",
    ["--port"] = "Exporter:Port",
    ["--listen"] = "Exporter:Listen",
});
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
//builder.Services.AddRegistry(builder.Configuration);
builder.Services.AddExporter(builder.Configuration);
builder.WebHost.ConfigureKestrel((context, kestrel) =>
{
    var listen = context.Configuration.GetSection(ExporterOptions.Section).Get<ExporterOptions>() ?? new ExporterOptions();
    kestrel.Listen(IPAddress.TryParse(listen.Listen, out var address) ? address : IPAddress.Loopback, listen.Port);
});

var app = builder.Build();
app.MapExporter();
await app.RunAsync();
