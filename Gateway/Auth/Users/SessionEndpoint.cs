using Fairway.Gateway.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fairway.Gateway.Auth.Users;

/// <summary>Turns a bearer token into a session cookie, because EventSource sends no headers.</summary>
public static class SessionEndpoint
{
    public static IEndpointRouteBuilder MapSession(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/session", Open).NeedsUser().WithTags("users").WithName("open-session")
            .WithSummary("Turn the bearer token into a session cookie that lasts as long as the token")
            .Produces(204).Refuses(401);
        return app;
    }

    private static NoContent Open(HttpContext context, TimeProvider clock)
    {
        if (Users.Bearer(context.Request) is not { } token)
        {
            throw new ApiException(401, "TOKEN_REQUIRED", "A session is opened with the header Authorization: Bearer.");
        }

        var left = context.UserToken().ExpiresAt - clock.GetUtcNow();
        context.Response.Cookies.Append(Users.Cookie, token, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
            Path = "/",
            MaxAge = TimeSpan.FromSeconds(Math.Max(0, Math.Floor(left.TotalSeconds))),
        });
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.NoContent();
    }
}
