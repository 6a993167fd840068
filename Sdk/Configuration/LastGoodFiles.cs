using System.Text.Json;

namespace Fairway.Sdk.Configuration;

/// <summary>The last good values of each namespace, a file each, whole or not there. Without a folder nothing is kept.</summary>
internal sealed class LastGoodFiles(string? folder)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>What was kept; null where nothing was, or it cannot be read.</summary>
    public ConfigValues? Read(string space)
    {
        if (folder is null)
        {
            return null;
        }

        try
        {
            using var file = File.OpenRead(PathOf(space));
            return JsonSerializer.Deserialize<Kept>(file, Web) is { Values: { } values } kept && kept.Namespace == space
                ? ConfigValues.Of(space, kept.Version, values)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // a cache: without it the service starts with its defaults
        }
    }

    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor may it.</exception>
    public void Write(ConfigValues values)
    {
        if (folder is null)
        {
            return;
        }

        System.IO.Directory.CreateDirectory(folder);
        var path = PathOf(values.Namespace);
        using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, new Kept(values.Namespace, values.Version, values.Values.ToDictionary()), Web);
            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    private string PathOf(string space) => Path.Combine(folder!, space + ".json");

    private sealed record Kept(string Namespace, string? Version, Dictionary<string, string> Values);
}
