using Fairway.Core.Directory;
using Fairway.Gateway.Http;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.Operator;

/// <summary>Which document an operator means.</summary>
/// <param name="Kind"><c>policy</c>, <c>grey rule</c>, <c>limit</c> or <c>offline mark</c>.</param>
/// <param name="Target">The service or address.</param>
public sealed record OperatorKey(string Kind, string Target, string Key)
{
    public static OperatorKey Policy(string service) => OfService("policy", service, RegistryKeys.Policy);

    public static OperatorKey Grey(string service) => OfService("grey rule", service, RegistryKeys.Grey);

    public static OperatorKey Limit(string service) => OfService("limit", service, RegistryKeys.Limit);

    public static OperatorKey Offline(string address)
    {
        var checkedAddress = RequestReader.Address(address)
            ?? throw ApiException.BadField("address", "must be ip:port, such as 10.0.0.1:8080 or [::1]:8080");
        return new OperatorKey("offline mark", checkedAddress, RegistryKeys.Offline(checkedAddress));
    }

    /// <summary>The services whose lists a change of this moves.</summary>
    public IEnumerable<string> Touches(DirectorySnapshot directory) => Kind switch
    {
        "policy" => [Target],
        "offline mark" => directory.Services.Where(entry => entry.Value.Snapshot.Instances.Any(view => view.Address == Target)).Select(entry => entry.Key),
        _ => [],
    };

    private static OperatorKey OfService(string kind, string service, Func<string, string> key) =>
        new(kind, RequestReader.Service(service), key(service));
}
