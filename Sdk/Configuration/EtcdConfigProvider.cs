using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.Configuration;

/// <summary>Reads <c>/fairway/config/{namespace}/{key}</c>; values are UTF-8 text. A namespace without keys is an empty one.</summary>
/// <param name="registry">Opened when first read: a service that reads files needs none.</param>
public sealed class EtcdConfigProvider(Func<IRegistry> registry, TimeProvider time, ILogger<RegistryWatcher>? logger = null) : IConfigProvider
{
    public const string ProviderName = "etcd";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public string Name => ProviderName;

    public async IAsyncEnumerable<ConfigValues> WatchAsync(string space, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var prefix = RegistryKeys.ConfigsOf(space);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        await foreach (var told in new RegistryWatcher(registry(), prefix, time, logger).ReadAsync(cancellationToken))
        {
            switch (told)
            {
                case RegistryEvent.Listed(var listing, _):
                    values.Clear();
                    foreach (var entry in listing.Entries)
                    {
                        Put(entry);
                    }

                    yield return Snapshot(listing.Revision);
                    break;
                case RegistryEvent.Changed({ Changes.Count: > 0 } batch):
                    foreach (var change in batch.Changes)
                    {
                        if (change.IsDelete)
                        {
                            values.Remove(change.Entry.Key[prefix.Length..]);
                        }
                        else
                        {
                            Put(change.Entry);
                        }
                    }

                    yield return Snapshot(batch.Revision);
                    break;
                case RegistryEvent.Lost(var reason):
                    throw new ConfigException(ConfigErrors.Away, reason);
            }
        }

        // What is no text cannot be a value; the others of its namespace can.
        void Put(RegistryEntry entry)
        {
            var key = entry.Key[prefix.Length..];
            if (key.Length > 0 && TryText(entry.Value) is { } text)
            {
                values[key] = text;
            }
        }

        ConfigValues Snapshot(long revision) => ConfigValues.Of(space, revision.ToString(CultureInfo.InvariantCulture), values);
    }

    private static string? TryText(ByteString value)
    {
        try
        {
            return Strict.GetString(value.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
