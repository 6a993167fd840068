using Fairway.Core.Directory;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.BestList;

/// <summary>How an edge says who it is when it reads the snapshot.</summary>
internal static class EdgeHeaders
{
    public const string Id = "x-fairway-edge";
    public const string Address = "x-fairway-edge-address";
    public const string Version = "x-fairway-edge-version";

    private const int MaxVersion = 64;

    /// <summary>Null where the reader does not say that it is one. 400 <c>BAD_NAME</c>, <c>BAD_FIELD</c>.</summary>
    public static Member? Read(string? id, string? address, string? version)
    {
        if (id is null)
        {
            return null;
        }

        if (address is not null && RequestReader.Address(address) is null)
        {
            throw ApiException.BadField(Address, "must be ip:port");
        }

        if (version is { Length: > MaxVersion })
        {
            throw ApiException.BadField(Version, $"must have at most {MaxVersion} characters");
        }

        return new Member(RequestReader.Name(id, "edge"), address ?? "", version ?? "");
    }
}
