using Fairway.Gateway.Http;

namespace Fairway.Gateway.Auth;

/// <summary>Refuses calls without their key before anything else of them is read.</summary>
public sealed class KeyMiddleware(RequestDelegate next, Keys keys)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<KeyRequirement>() is { } needed && !keys.Admits(context, needed.Kind))
        {
            return Problem.WriteAsync(context, 401, "KEY_REQUIRED", needed.Kind switch
            {
                KeyKind.Admin => $"This call needs the header {Keys.AdminHeader}.",
                _ => $"This call needs the header {Keys.RegistrarHeader} or {Keys.AdminHeader}.",
            });
        }

        return next(context);
    }
}

/// <summary>Endpoint metadata: the key that a call needs.</summary>
public sealed record KeyRequirement(KeyKind Kind);

internal static class KeyRequirementExtensions
{
    /// <summary>Lets only calls in that hold a key of this kind.</summary>
    public static TBuilder NeedsKey<TBuilder>(this TBuilder route, KeyKind kind)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new KeyRequirement(kind));
}
