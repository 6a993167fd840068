using System.Text.Json.Serialization;

namespace Fairway.Model;

/// <summary>The knobs in force.</summary>
public sealed class KnobStore(Knobs initial)
{
    private volatile Knobs _current = initial;

    public Knobs Current
    {
        get => _current;
        set => _current = value;
    }
}

/// <summary>Calls so far, so that a test sees what reached the model.</summary>
public sealed class CallStatistics
{
    private long _calls;
    private long _active;
    private long _cancelled;

    public void Began()
    {
        Interlocked.Increment(ref _calls);
        Interlocked.Increment(ref _active);
    }

    public void Ended(bool cancelled)
    {
        Interlocked.Decrement(ref _active);
        if (cancelled)
        {
            Interlocked.Increment(ref _cancelled);
        }
    }

    public CallFigures Read() => new(Interlocked.Read(ref _calls), Interlocked.Read(ref _active), Interlocked.Read(ref _cancelled));
}

/// <param name="Calls">All calls.</param>
/// <param name="Active">Calls being answered.</param>
/// <param name="Cancelled">Calls whose caller closed the connection before the end.</param>
public sealed record CallFigures(long Calls, long Active, long Cancelled);

/// <summary><c>/knobs</c> and <c>/stats</c>.</summary>
public static class KnobEndpoints
{
    public static void MapKnobs(this WebApplication app)
    {
        app.MapGet("/knobs", (KnobStore store) => TypedResults.Json(store.Current, ModelJson.Default.Knobs));
        app.MapPut("/knobs", async (HttpContext context, KnobStore store) =>
        {
            store.Current = await context.Request.ReadFromJsonAsync(ModelJson.Default.Knobs, context.RequestAborted) ?? new Knobs();
            return TypedResults.Json(store.Current, ModelJson.Default.Knobs);
        });
        app.MapGet("/stats", (CallStatistics statistics) => TypedResults.Json(statistics.Read(), ModelJson.Default.CallFigures));
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Knobs))]
[JsonSerializable(typeof(CallFigures))]
internal sealed partial class ModelJson : JsonSerializerContext;
