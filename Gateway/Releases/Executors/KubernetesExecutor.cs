using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Releases.Executors;

/// <summary>
/// Scales Deployments through the API of Kubernetes (apps/v1). The new version's Deployment is made from the old one's: another image,
/// and <c>COLORING_ENV</c> set to the lane. Pods that are to go first are given a low <c>pod-deletion-cost</c>.
/// </summary>
internal sealed class KubernetesExecutor : IReleaseExecutor, IDisposable
{
    private const string DeletionCost = "controller.kubernetes.io/pod-deletion-cost";
    private const string LaneVariable = "COLORING_ENV";
    private const string LaneLabel = "fairway-lane";

    private readonly KubernetesOptions _options;
    private readonly HttpClient _http;

    public KubernetesExecutor(IOptions<ReleaseOptions> options)
    {
        _options = options.Value.Kubernetes;
        _http = new HttpClient(new SocketsHttpHandler { SslOptions = Trust(_options.CaFile) })
        {
            BaseAddress = new Uri(_options.ApiServer!.TrimEnd('/') + "/"),
            Timeout = TimeSpan.FromSeconds(30),
        };
    }

    private string Deployments => $"apis/apps/v1/namespaces/{_options.Namespace}/deployments";

    public async Task ScaleAsync(ScaleRequest request, CancellationToken cancellationToken)
    {
        var old = _options.Deployment.Replace("{service}", request.Service, StringComparison.Ordinal);
        if (request.Lane.Length == 0)
        {
            await LeaveFirstAsync(request, cancellationToken);
            await ReplicasAsync(old, request.Count, cancellationToken);
            return;
        }

        var name = $"{old}-{request.Lane}".ToLowerInvariant();
        if (await FindAsync(name, cancellationToken) is not null)
        {
            await ReplicasAsync(name, request.Count, cancellationToken);
        }
        else if (request.Count > 0)
        {
            var template = await FindAsync(old, cancellationToken) ?? throw new ExecutorException($"Kubernetes has no Deployment '{old}' to copy.");
            await SendAsync(HttpMethod.Post, Deployments, "application/json", Copy(template, name, request), cancellationToken);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The old Deployment with the new one's name, labels, image and lane; what the server fills in is left out.</summary>
    private JsonObject Copy(JsonObject template, string name, ScaleRequest request)
    {
        var spec = template["spec"]!.DeepClone().AsObject();
        var pod = spec["template"]!.AsObject();
        var labels = pod["metadata"]?["labels"]?.DeepClone().AsObject() ?? [];
        labels[LaneLabel] = request.Lane;
        pod["metadata"] = new JsonObject { ["labels"] = labels };
        spec["replicas"] = request.Count;
        spec["selector"] = new JsonObject { ["matchLabels"] = labels.DeepClone() };
        foreach (var container in pod["spec"]!["containers"]!.AsArray().OfType<JsonObject>().Take(1))
        {
            container["image"] = Image((string?)container["image"] ?? request.Service, request);
            var variables = container["env"]?.DeepClone().AsArray() ?? [];
            foreach (var set in variables.Where(variable => (string?)variable?["name"] == LaneVariable).ToList())
            {
                variables.Remove(set);
            }

            variables.Add(new JsonObject { ["name"] = LaneVariable, ["value"] = request.Lane });
            container["env"] = variables;
        }

        return new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "Deployment",
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = labels.DeepClone() },
            ["spec"] = spec,
        };
    }

    private string Image(string old, ScaleRequest request)
    {
        if (_options.Image is { } pattern)
        {
            return pattern.Replace("{service}", request.Service, StringComparison.Ordinal).Replace("{version}", request.Version, StringComparison.Ordinal);
        }

        var tag = old.LastIndexOf(':');
        return (tag > old.LastIndexOf('/') ? old[..tag] : old) + ":" + request.Version;
    }

    /// <summary>Marks the pods that have the addresses of those that go.</summary>
    private async Task LeaveFirstAsync(ScaleRequest request, CancellationToken cancellationToken)
    {
        var addresses = request.Stop.Select(target => target.Address[..target.Address.LastIndexOf(':')]).ToHashSet(StringComparer.Ordinal);
        if (addresses.Count == 0)
        {
            return;
        }

        var pods = $"api/v1/namespaces/{_options.Namespace}/pods";
        var list = await SendAsync(HttpMethod.Get, pods, null, null, cancellationToken);
        foreach (var pod in list!["items"]!.AsArray().Where(pod => (string?)pod?["status"]?["podIP"] is { } ip && addresses.Contains(ip)))
        {
            var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [DeletionCost] = "-1000" } } };
            await SendAsync(HttpMethod.Patch, $"{pods}/{(string?)pod!["metadata"]!["name"]}", "application/merge-patch+json", patch, cancellationToken);
        }
    }

    private Task<JsonObject?> ReplicasAsync(string deployment, int count, CancellationToken cancellationToken) => SendAsync(
        HttpMethod.Patch,
        $"{Deployments}/{deployment}/scale",
        "application/merge-patch+json",
        new JsonObject { ["spec"] = new JsonObject { ["replicas"] = count } },
        cancellationToken);

    private async Task<JsonObject?> FindAsync(string deployment, CancellationToken cancellationToken) =>
        await SendAsync(HttpMethod.Get, $"{Deployments}/{deployment}", null, null, cancellationToken, mayLack: true);

    private async Task<JsonObject?> SendAsync(
        HttpMethod method, string path, string? contentType, JsonObject? body, CancellationToken cancellationToken, bool mayLack = false)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path);
            if (File.Exists(_options.TokenFile))
            {
                // Read each time: tokens of service accounts are renewed in place.
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(_options.TokenFile, cancellationToken)).Trim());
            }

            if (body is not null)
            {
                request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, contentType!);
            }

            using var response = await _http.SendAsync(request, cancellationToken);
            if (mayLack && response.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            return response.IsSuccessStatusCode
                ? JsonNode.Parse(text) as JsonObject
                : throw new ExecutorException($"Kubernetes answered {(int)response.StatusCode} to {method} {path}: {text[..Math.Min(text.Length, 300)]}");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new ExecutorException($"Kubernetes does not answer {method} {path}: {e.Message}", e);
        }
    }

    private static SslClientAuthenticationOptions Trust(string caFile)
    {
        var ssl = new SslClientAuthenticationOptions();
        if (File.Exists(caFile))
        {
            ssl.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            ssl.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(caFile);
        }

        return ssl;
    }
}
