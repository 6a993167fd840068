using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fairway.Sdk.Configuration.Apollo;

/// <summary>The HTTP protocol of Apollo's config service (Apollo's guide for clients in other languages), with failover over its servers.</summary>
internal sealed class ApolloClient(HttpClient http, ApolloOptions options, TimeProvider time)
{
    private int _server;

    /// <summary>A namespace's values; null when they are still those of <paramref name="releaseKey"/>.</summary>
    /// <param name="messages">Of the notification that asked for this read; null for none.</param>
    public Task<ApolloConfig?> ReadAsync(string space, string? releaseKey, JsonElement? messages, CancellationToken cancellationToken)
    {
        var query = new List<string>();
        Add(query, "releaseKey", releaseKey);
        Add(query, "messages", messages?.GetRawText());
        Add(query, "ip", options.Ip);
        var path = $"/configs/{Escape(options.AppId)}/{Escape(options.Cluster)}/{Escape(space)}" + (query.Count > 0 ? "?" + string.Join('&', query) : "");
        return GetAsync(path, TimeSpan.FromSeconds(options.ReadSeconds), ApolloJson.Default.ApolloConfig, space, cancellationToken);
    }

    /// <summary>Waits for news of a namespace; null when there is none in the server's time.</summary>
    public async Task<ApolloNotification?> PollAsync(string space, long notificationId, CancellationToken cancellationToken)
    {
        var asked = JsonSerializer.Serialize([new ApolloNotification(space, notificationId)], ApolloJson.Default.ListApolloNotification);
        var query = new List<string>();
        Add(query, "appId", options.AppId);
        Add(query, "cluster", options.Cluster);
        Add(query, "notifications", asked);
        Add(query, "ip", options.Ip);
        var path = "/notifications/v2?" + string.Join('&', query);
        var news = await GetAsync(path, TimeSpan.FromSeconds(options.PollSeconds), ApolloJson.Default.ListApolloNotification, space, cancellationToken);

        // The server leaves out the ending of namespaces that are properties.
        return news?.FirstOrDefault(told => Same(told.NamespaceName, space)) ?? news?.FirstOrDefault();
    }

    private static bool Same(string told, string asked) =>
        string.Equals(told, asked, StringComparison.OrdinalIgnoreCase) || string.Equals(told + ".properties", asked, StringComparison.OrdinalIgnoreCase);

    private static void Add(List<string> query, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            query.Add($"{name}={Escape(value)}");
        }
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);

    /// <summary>Asks the server that answered last, then the others.</summary>
    private async Task<T?> GetAsync<T>(string path, TimeSpan limit, JsonTypeInfo<T> type, string space, CancellationToken cancellationToken)
        where T : class
    {
        for (var tried = 1; ; tried++)
        {
            var server = _server % options.Servers.Length;
            try
            {
                return await GetAsync(options.Servers[server].TrimEnd('/'), path, limit, type, space, cancellationToken);
            }
            catch (ConfigException e) when (e.Code == ConfigErrors.Away && tried < options.Servers.Length)
            {
                _server = server + 1;
            }
            catch (ConfigException e) when (e.Code == ConfigErrors.Away)
            {
                _server = server + 1;
                throw;
            }
        }
    }

    private async Task<T?> GetAsync<T>(string server, string path, TimeSpan limit, JsonTypeInfo<T> type, string space, CancellationToken cancellationToken)
        where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server + path));
        if (options.Secret is { Length: > 0 } secret)
        {
            var timestamp = time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
            request.Headers.TryAddWithoutValidation("Authorization", ApolloSignature.Of(options.AppId, secret, timestamp, request.RequestUri!.PathAndQuery));
            request.Headers.TryAddWithoutValidation("Timestamp", timestamp);
        }

        using var ending = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ending.Token);
        try
        {
            using var response = await http.SendAsync(request, either.Token);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => await JsonSerializer.DeserializeAsync(await response.Content.ReadAsStreamAsync(either.Token), type, either.Token),
                HttpStatusCode.NotModified => null,
                HttpStatusCode.NotFound => throw new ConfigException(ConfigErrors.NamespaceUnknown, $"Apollo has no namespace '{space}' for app '{options.AppId}'."),
                HttpStatusCode.Unauthorized => throw new ConfigException(ConfigErrors.Unauthenticated, $"Apollo does not accept the access key of app '{options.AppId}'."),
                var status => throw new ConfigException(ConfigErrors.Away, $"{server} answered {(int)status}."),
            };
        }
        catch (JsonException e)
        {
            throw new ConfigException(ConfigErrors.Malformed, $"{server} sent what is no answer of Apollo: {e.Message}", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ConfigException(ConfigErrors.Away, $"{server} does not answer: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConfigException(ConfigErrors.Away, $"{server} did not answer within {limit.TotalSeconds:0.#} s.", e);
        }
    }
}
