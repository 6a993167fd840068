using Fairway.Gateway.Auth.Tokens;
using Fairway.Gateway.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Fairway.Gateway.Auth.Users;

/// <summary>Refuses calls without a good token before anything else of them is read.</summary>
public sealed class UserMiddleware(RequestDelegate next, Users users)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<UserRequirement>() is null)
        {
            return next(context);
        }

        if (users.Find(context.Request, out var code, out var detail) is not { } token)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, code, detail);
        }

        context.Features.Set(token);
        return next(context);
    }
}

/// <summary>Endpoint metadata: the call is made on behalf of a user.</summary>
public sealed record UserRequirement;

internal static class UserRequirementExtensions
{
    /// <summary>Lets only calls in that carry a user's token.</summary>
    public static TBuilder NeedsUser<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new UserRequirement());

    /// <summary>The caller of an endpoint that needs a user.</summary>
    public static UserToken UserToken(this HttpContext context) => context.Features.GetRequiredFeature<UserToken>();
}
