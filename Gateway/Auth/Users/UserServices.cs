using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Auth.Users;

/// <summary>What verifying users' tokens needs of the host.</summary>
internal static class UserServices
{
    public static void AddUsers(this IServiceCollection services)
    {
        services.AddOptions<UserOptions>().BindConfiguration("Auth").ValidateOnStart();
        services.AddSingleton<IValidateOptions<UserOptions>, UserOptionsValidator>();
        services.AddSingleton<Users>();
    }
}
