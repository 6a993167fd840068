using Fairway.Registry;
using Fairway.Sdk.Options;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Registration;

/// <summary>Opens the registry that the options name.</summary>
internal static class RegistryConnection
{
    public static IRegistry Open(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<FairwayOptions>>().Value;
        if (options.RegistryEndpoints.Length == 0)
        {
            throw new OptionsValidationException(
                FairwayOptions.Section,
                typeof(FairwayOptions),
                ["BAD_FIELD: Fairway:RegistryEndpoints is empty, so there is nowhere to register. Set it or the variable "
                    + "FAIRWAY_ETCD (http://host:2379), or switch Fairway:RegistrationEnabled off."]);
        }
        throw new NotSupportedException();
    }
}
