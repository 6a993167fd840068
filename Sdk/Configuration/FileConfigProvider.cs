using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Configuration;

/// <summary>
/// Reads <c>{Folder}/{namespace}.json</c>, a JSON object, whenever its time of modification or length changes; looked at twice a
/// second, since notices of file systems are not to be had everywhere.
/// </summary>
public sealed class FileConfigProvider(IOptionsMonitor<ConfigOptions> options, TimeProvider time) : IConfigProvider
{
    public const string ProviderName = "file";

    private const long MaxBytes = 4 * 1024 * 1024;

    /// <summary>Between two looks; a change acts within 1 s.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    public string Name => ProviderName;

    public async IAsyncEnumerable<ConfigValues> WatchAsync(string space, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var folder = options.CurrentValue.Folder;
        if (string.IsNullOrEmpty(folder))
        {
            throw new ConfigException(ConfigErrors.Away, $"{ConfigOptions.Section}:Folder is not set.");
        }

        var path = Path.Combine(folder, space + ".json");
        (DateTime Written, long Length)? seen = null;
        using var looks = new PeriodicTimer(LookEvery, time);
        do
        {
            var info = new FileInfo(path);
            if (!info.Exists)
            {
                throw new ConfigException(ConfigErrors.NamespaceUnknown, $"There is no file {path}.");
            }

            var now = (info.LastWriteTimeUtc, info.Length);
            if (now != seen)
            {
                seen = now;
                yield return await ReadAsync(space, info, cancellationToken);
            }
        }
        while (await looks.WaitForNextTickAsync(cancellationToken));
    }

    private static async Task<ConfigValues> ReadAsync(string space, FileInfo file, CancellationToken cancellationToken)
    {
        if (file.Length > MaxBytes)
        {
            throw new ConfigException(ConfigErrors.Malformed, $"{file.FullName} is over {MaxBytes / 1024 / 1024} MiB.");
        }

        try
        {
            var bytes = await File.ReadAllBytesAsync(file.FullName, cancellationToken);
            var text = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;
            return ConfigValues.Of(space, file.LastWriteTimeUtc.Ticks.ToString(CultureInfo.InvariantCulture), JsonValues.Read(text, file.FullName));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException(ConfigErrors.Away, $"{file.FullName} cannot be read: {e.Message}", e);
        }
    }
}
