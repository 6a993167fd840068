using Fairway.Core.Lanes;

namespace Fairway.Sdk.Lanes;

/// <summary>A label taken along by hand. Whatever it runs sees that label and no other, and leaves none behind; none captured runs as base.</summary>
/// <example><code>
/// var label = LaneContext.Capture();
/// ThreadPool.UnsafeQueueUserWorkItem(_ =&gt; label.Run(Work), null);
/// </code></example>
public readonly record struct CapturedLabel(Label Label)
{
    /// <summary>Until disposed, the captured label is current.</summary>
    public LaneContext.Scope Use() => LaneContext.Use(Label ?? Label.None);

    public void Run(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        using (Use())
        {
            action();
        }
    }

    public T Run<T>(Func<T> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        using (Use())
        {
            return function();
        }
    }

    public async Task RunAsync(Func<Task> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        using (Use())
        {
            await function();
        }
    }

    public async Task<T> RunAsync<T>(Func<Task<T>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        using (Use())
        {
            return await function();
        }
    }

    /// <summary>The same action, with the captured label whoever calls it: for threads, callbacks and events.</summary>
    public Action Wrap(Action action)
    {
        var captured = this;
        return () => captured.Run(action);
    }

    /// <inheritdoc cref="Wrap(Action)"/>
    public Action<T> Wrap<T>(Action<T> action)
    {
        var captured = this;
        return argument => captured.Run(() => action(argument));
    }

    /// <inheritdoc cref="Wrap(Action)"/>
    public Func<Task> Wrap(Func<Task> function)
    {
        var captured = this;
        return () => captured.RunAsync(function);
    }

    /// <inheritdoc cref="Wrap(Action)"/>
    public Func<T, Task> Wrap<T>(Func<T, Task> function)
    {
        var captured = this;
        return argument => captured.RunAsync(() => function(argument));
    }

    /// <inheritdoc cref="Wrap(Action)"/>
    public Func<T, CancellationToken, Task> Wrap<T>(Func<T, CancellationToken, Task> function)
    {
        var captured = this;
        return (argument, token) => captured.RunAsync(() => function(argument, token));
    }
}

/// <summary>An item with the label of who wrote it, for channels and queues in process.</summary>
public readonly record struct Labelled<T>(T Item, CapturedLabel Label)
{
    /// <summary>Until disposed, the label of who wrote the item is current.</summary>
    public LaneContext.Scope Use() => Label.Use();
}

/// <summary>Puts the current label to an item.</summary>
public static class Labelled
{
    /// <example><code>
    /// await channel.Writer.WriteAsync(Labelled.Of(order));
    /// await foreach (var order in channel.Reader.ReadAllAsync()) { using (order.Use()) { await HandleAsync(order.Item); } }
    /// </code></example>
    public static Labelled<T> Of<T>(T item) => new(item, LaneContext.Capture());
}
