using Microsoft.Extensions.Options;

namespace Fairway.Registry.Etcd;

/// <summary>How etcd is reached: the section <c>Registry:Etcd</c>.</summary>
public sealed class EtcdOptions
{
    public const string Section = "Registry:Etcd";

    /// <summary>URLs of the members, tried in this order: <c>http://10.0.0.1:2379</c>. In configuration an array, or one text with commas.</summary>
    public string[] Endpoints { get; set; } = [];

    /// <summary>Set together with <see cref="Password"/> where etcd's authentication is on.</summary>
    public string? User { get; set; }

    public string? Password { get; set; }

    /// <summary>How long one call may take with its retries; 5 s.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one member may take to answer before the next is asked; 2 s.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a connection may take to come up; 1 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>HTTP/2 pings while calls are under way, at least 1 s; 10 s. etcd refuses them under 5 s.</summary>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Silence on a watch after which progress is asked for; 2 s.</summary>
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long that answer may take before the watch counts as broken; 3 s.</summary>
    public TimeSpan ProgressTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Keys a page of a listing; 1,000. A page too large for one message is asked for again in halves.</summary>
    public int PageSize { get; set; } = 1000;

    /// <summary>Largest message taken from etcd, in bytes; 16 MiB.</summary>
    public int MaxMessageBytes { get; set; } = 16 * 1024 * 1024;
}

/// <summary>Refuses options that cannot work, naming the key.</summary>
internal sealed class EtcdOptionsValidator : IValidateOptions<EtcdOptions>
{
    public ValidateOptionsResult Validate(string? name, EtcdOptions options)
    {
        var failures = new List<string>();
        if (options.Endpoints.Length == 0)
        {
            failures.Add($"{EtcdOptions.Section}:Endpoints is empty.");
        }

        failures.AddRange(options.Endpoints.Where(endpoint => !IsUrl(endpoint))
            .Select(endpoint => $"{EtcdOptions.Section}:Endpoints has '{endpoint}', which is no http:// or https:// URL."));
        if (string.IsNullOrEmpty(options.User) != string.IsNullOrEmpty(options.Password))
        {
            failures.Add($"{EtcdOptions.Section}:User and {EtcdOptions.Section}:Password are set together or not at all.");
        }

        Positive(options.RequestTimeout, nameof(options.RequestTimeout));
        Positive(options.AttemptTimeout, nameof(options.AttemptTimeout));
        Positive(options.ConnectTimeout, nameof(options.ConnectTimeout));
        Positive(options.ProgressInterval, nameof(options.ProgressInterval));
        Positive(options.ProgressTimeout, nameof(options.ProgressTimeout));
        if (options.PingInterval < TimeSpan.FromSeconds(1))
        {
            failures.Add($"{EtcdOptions.Section}:PingInterval is below 1 s.");
        }

        if (options.PageSize < 1)
        {
            failures.Add($"{EtcdOptions.Section}:PageSize is below 1.");
        }

        if (options.MaxMessageBytes < 64 * 1024)
        {
            failures.Add($"{EtcdOptions.Section}:MaxMessageBytes is below 64 KiB.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Positive(TimeSpan value, string key)
        {
            if (value <= TimeSpan.Zero)
            {
                failures.Add($"{EtcdOptions.Section}:{key} is not positive.");
            }
        }
    }

    private static bool IsUrl(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);
}
