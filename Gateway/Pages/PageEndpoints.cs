namespace Fairway.Gateway.Pages;

/// <summary>The pages: a chat at <c>/</c>, the ranked lists, live, at <c>/lists</c>; and the client module that pages and node use.</summary>
public static class PageEndpoints
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

    public static IEndpointRouteBuilder MapPages(this IEndpointRouteBuilder app)
    {
        Map("/", "chat.html", "text/html; charset=utf-8");
        Map("/lists", "lists.html", "text/html; charset=utf-8");
        Map("/assets/style.css", "style.css", "text/css; charset=utf-8");
        Map("/assets/chat.css", "chat.css", "text/css; charset=utf-8");
        Map("/fairway-client.js", "fairway-client.js", "text/javascript; charset=utf-8");
        Map("/assets/chat.js", "chat.js", "text/javascript; charset=utf-8");
        Map("/assets/lists.js", "lists.js", "text/javascript; charset=utf-8");
        return app;

        void Map(string path, string file, string contentType)
        {
            var content = Read(file);
            app.MapGet(path, (HttpContext context) =>
            {
                context.Response.Headers.ContentSecurityPolicy = Policy;
                context.Response.Headers.CacheControl = "no-cache";
                context.Response.Headers.XContentTypeOptions = "nosniff";
                return TypedResults.Bytes(content, contentType);
            }).ExcludeFromDescription();
        }
    }

    private static byte[] Read(string file)
    {
        using var stream = typeof(PageEndpoints).Assembly.GetManifestResourceStream($"Pages/{file}")
            ?? throw new InvalidOperationException($"The page {file} is missing from the build.");
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
