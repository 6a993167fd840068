using System.Text.Json;

namespace Fairway.Core.Tests.Lanes;

/// <summary>The cases that every language is held to.</summary>
internal static class Vectors
{
    public static JsonElement Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "lanes", name)));
        return document.RootElement.Clone();
    }
}
