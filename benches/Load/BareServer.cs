namespace Fairway.Load;

/// <summary>The peer of the Gateway: Kestrel that writes the bytes of a file, or says that they have not changed, and does nothing else.</summary>
internal static class BareServer
{
    private const string ETag = "\"bare\"";

    public static async Task<int> RunAsync(string file)
    {
        var body = await File.ReadAllBytesAsync(file);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        var app = builder.Build();
        app.Run(context =>
        {
            var response = context.Response;
            response.Headers.ETag = ETag;
            response.Headers.CacheControl = "no-cache";
            if (context.Request.Headers.IfNoneMatch.Count > 0)
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }

            response.ContentType = "application/json; charset=utf-8";
            response.ContentLength = body.Length;
            return response.Body.WriteAsync(body, context.RequestAborted).AsTask();
        });
        app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"READY {app.Urls.First()}"));
        await app.RunAsync();
        return 0;
    }
}
