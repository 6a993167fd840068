using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Configuration.Apollo;

/// <summary>
/// Reads Apollo's config service: the values by release, then a long-poll on <c>/notifications/v2</c>, which tells that a new release
/// is to be read. A namespace whose name ends in <c>.json</c> holds one document, whose fields become keys; of other formats the text
/// stands under <c>content</c>, as Apollo has it.
/// </summary>
public sealed class ApolloConfigProvider(IOptionsMonitor<ConfigOptions> options, TimeProvider time) : IConfigProvider, IDisposable
{
    public const string ProviderName = "apollo";

    private const long NothingSeen = -1;
    private const string ContentKey = "content";

    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };

    public string Name => ProviderName;

    public async IAsyncEnumerable<ConfigValues> WatchAsync(string space, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var apollo = options.CurrentValue.Apollo;
        if (apollo.Servers.Length == 0 || apollo.AppId.Length == 0)
        {
            throw new ConfigException(ConfigErrors.Away, $"{ConfigOptions.Section}:Apollo names no Servers or no AppId.");
        }

        var client = new ApolloClient(_http, apollo, time);
        string? release = null;
        JsonElement? messages = null;
        var notification = NothingSeen;
        while (true)
        {
            if (await client.ReadAsync(space, release, messages, cancellationToken) is { } read)
            {
                release = read.ReleaseKey;
                yield return ValuesOf(space, read);
            }

            // The first poll answers at once with the number of the release just read, or of a newer one: either is read by release.
            ApolloNotification? news;
            do
            {
                news = await client.PollAsync(space, notification, cancellationToken);
            }
            while (news is null);
            notification = news.NotificationId;
            messages = news.Messages;
        }
    }

    public void Dispose() => _http.Dispose();

    private static ConfigValues ValuesOf(string space, ApolloConfig read)
    {
        var values = read.Configurations ?? [];
        return ConfigValues.Of(
            space,
            read.ReleaseKey,
            space.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && values.TryGetValue(ContentKey, out var document)
                ? JsonValues.Read(Encoding.UTF8.GetBytes(document), $"Apollo's namespace '{space}'")
                : values);
    }
}
