using Fairway.Model;
using Microsoft.Extensions.DependencyInjection.Extensions;

var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls($"http://{builder.Configuration["listen"] ?? "127.0.0.1"}:{builder.Configuration["port"] ?? "0"}");
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MinResponseDataRate = null);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.TryAddSingleton(TimeProvider.System);
builder.Services.AddSingleton(_ => builder.Configuration.Get<Knobs>() ?? new Knobs());
builder.Services.AddSingleton<KnobStore>();
builder.Services.AddSingleton<CallStatistics>();

var app = builder.Build();
app.MapChatCompletions();
app.MapKnobs();
app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"READY {app.Urls.First()}"));
await app.RunAsync();
