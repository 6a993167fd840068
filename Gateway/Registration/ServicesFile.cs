using System.Text.Json.Nodes;
using Fairway.Core.Directory;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.Registration;

/// <summary>One instance of the services file.</summary>
/// <param name="Posted">As it stands in the file; unknown fields are kept.</param>
internal sealed record FileEntry(InstanceRecord Record, int TtlSeconds, JsonObject Posted)
{
    /// <summary>Whether the file says the same of the instance.</summary>
    public bool IsSame(FileEntry other) => JsonNode.DeepEquals(Posted, other.Posted);
}

/// <summary>
/// The file of services that cannot register themselves:
/// <c>{"services":{"billing":{"billing-1":{"address":"10.0.0.7:8080","probe":"http"}}}}</c>, each instance as in a PUT of a
/// registration. Looked at by modification time and length; a file that is not good is refused whole.
/// </summary>
internal sealed class ServicesFile(string path)
{
    /// <summary>A renewal that is late must not end a registration.</summary>
    public const int MinTtlSeconds = 10;

    private const long MaxBytes = 4 * 1024 * 1024;

    private (DateTime Written, long Length)? _seen;

    public string Path => path;

    /// <summary>The entries by service and id if the file changed since the last look; else null.</summary>
    /// <exception cref="ApiException">What is wrong with it: <c>NOT_SET</c> where it is absent, and the codes of a registration.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public IReadOnlyDictionary<(string Service, string Id), FileEntry>? ReadIfChanged()
    {
        var info = new FileInfo(path);
        var now = info.Exists ? (info.LastWriteTimeUtc, info.Length) : (DateTime.MinValue, -1L);
        if (now == _seen)
        {
            return null;
        }

        _seen = now;
        if (!info.Exists)
        {
            throw ApiException.NotSet("file");
        }

        return info.Length <= MaxBytes
            ? Entries(JsonBody.Parse(WithoutMark(File.ReadAllBytes(path))))
            : throw new ApiException(413, "BODY_TOO_LARGE", $"The file is over {MaxBytes / 1024 / 1024} MiB.");
    }

    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> utf8) => utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;

    private static Dictionary<(string Service, string Id), FileEntry> Entries(JsonObject document)
    {
        var entries = new Dictionary<(string, string), FileEntry>();
        foreach (var (service, instances) in Object(document["services"], "services"))
        {
            RequestReader.Service(service);
            foreach (var (id, instance) in Object(instances, $"services.{service}"))
            {
                RequestReader.Instance(id);
                var posted = Object(instance, $"services.{service}.{id}");
                try
                {
                    var (record, ttl) = InstanceReader.Record(service, id, new Fields(posted));
                    entries[(service, id)] = ttl >= MinTtlSeconds
                        ? new FileEntry(record, ttl, posted)
                        : throw ApiException.BadField("ttlSeconds", $"must be at least {MinTtlSeconds} in a file");
                }
                catch (ApiException refused)
                {
                    throw new ApiException(refused.Status, refused.Code, $"{service}/{id}: {refused.Message}");
                }
            }
        }

        return entries;
    }

    private static JsonObject Object(JsonNode? node, string field) => node as JsonObject ?? throw ApiException.BadField(field, "must be an object");
}
