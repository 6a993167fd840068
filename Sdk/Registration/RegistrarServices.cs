using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Sdk.Registration;

/// <summary>What puts this process into the registry, whoever says when.</summary>
internal static class RegistrarServices
{
    /// <summary>Adds <see cref="Registrar"/>. It needs an <c>IRegistry</c>, its metrics and a clock.</summary>
    public static void AddRegistrar(this IServiceCollection services)
    {
        services.AddSingleton<LaneBook>();
        services.AddSingleton<FairwayInstance>();
        services.AddSingleton<RegistrationMetrics>();
        services.AddSingleton<Registrar>();
    }
}
