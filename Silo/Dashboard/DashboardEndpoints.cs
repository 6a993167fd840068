using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Fairway.Silo.Dashboard;

/// <summary>The engine's dashboard at <see cref="Path"/>, for who holds the admin key. Live traces are off: they would show what users write.</summary>
public static partial class DashboardEndpoints
{
    public const string Path = "/dashboard";

    private const string KeyHeader = "x-admin-key";

    /// <param name="isAdminKey">Compares in constant time.</param>
    public static IEndpointRouteBuilder MapFairwayDashboard(this IEndpointRouteBuilder app, Func<string, bool> isAdminKey)
    {
        ArgumentNullException.ThrowIfNull(isAdminKey);
        Guard(MapEngine(app), isAdminKey);
        return app;
    }

    /// <summary>Lets nothing of a request be read before its key was.</summary>
    internal static void Guard(IEndpointConventionBuilder endpoints, Func<string, bool> isAdminKey) => endpoints.Add(endpoint =>
    {
        var inner = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = context => Candidate(context.Request) is { } key && isAdminKey(key)
            ? inner(context)
            : RefuseAsync(context, 401, "KEY_REQUIRED", $"The dashboard needs the admin key: in the header {KeyHeader}, or as the password of basic authentication.");
    });

    /// <summary>The header, or the password of basic authentication, which browsers ask for and then send with everything the page loads.</summary>
    private static string? Candidate(HttpRequest request)
    {
        if (request.Headers.TryGetValue(KeyHeader, out var header))
        {
            return header.Count == 1 ? header[0] : null;
        }

        if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var authorization)
            || !"Basic".Equals(authorization.Scheme, StringComparison.OrdinalIgnoreCase) || authorization.Parameter is null)
        {
            return null;
        }

        var bytes = new byte[authorization.Parameter.Length];
        if (!Convert.TryFromBase64String(authorization.Parameter, bytes, out var length))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : text[(colon + 1)..];
    }

    private static Task RefuseAsync(HttpContext context, int status, string code, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        if (status == 401)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"fairway\", charset=\"UTF-8\"";
        }

        return context.Response.WriteAsync(JsonSerializer.Serialize(new { status, code, detail }));
    }

    private static partial IEndpointConventionBuilder MapEngine(IEndpointRouteBuilder app);
}
