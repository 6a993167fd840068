using System.Net;
using Fairway.Exporter;
using Fairway.Exporter.Fit;
using Fairway.Registry;
using Fairway.Registry.Etcd;

if (args is ["fit", .. var rest])
{
    return FitCommand.Run(rest, Console.Out, Console.Error);
}

var builder = WebApplication.CreateBuilder(args);
builder.Configuration.AddCommandLine(args, new Dictionary<string, string>
{
    ["--etcd"] = "Registry:Etcd:Endpoints",
    ["--record"] = "Exporter:Record",
    ["--id"] = "Exporter:Id",
    ["--port"] = "Exporter:Port",
    ["--listen"] = "Exporter:Listen",
});
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
if (!builder.Configuration.GetSection($"{EtcdOptions.Section}:{nameof(EtcdOptions.Endpoints)}").AsEnumerable().Any(entry => !string.IsNullOrWhiteSpace(entry.Value)))
{
    Console.Error.WriteLine("BAD_FIELD: no registry. Give --etcd URLS or the key Registry:Etcd:Endpoints.");
    return 2;
}

builder.Services.AddRegistry(builder.Configuration);
builder.Services.AddExporter(builder.Configuration);
builder.WebHost.ConfigureKestrel((context, kestrel) =>
{
    var listen = context.Configuration.GetSection(ExporterOptions.Section).Get<ExporterOptions>() ?? new ExporterOptions();
    kestrel.Listen(IPAddress.TryParse(listen.Listen, out var address) ? address : IPAddress.Loopback, listen.Port);
});

var app = builder.Build();
app.MapExporter();
await app.RunAsync();
return 0;
