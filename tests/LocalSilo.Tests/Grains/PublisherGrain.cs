using Orleans.Concurrency;

namespace Fairway.LocalSilo.Tests;

[Alias("test.IListener")]
public interface IListener : IGrainObserver
{
    [Alias("Heard")]
    [OneWay]
    void Heard(string what);

    [Alias("Answer")]
    Task<int> Answer(int question);
}

[Alias("test.IPublisherGrain")]
public interface IPublisherGrain : IGrainWithStringKey
{
    [Alias("Subscribe")]
    Task Subscribe(IListener listener);

    [Alias("Publish")]
    Task Publish(string what);

    [Alias("Ask")]
    Task<int> Ask(int question);

    [Alias("MakeReferenceInside")]
    Task<bool> MakeReferenceInside();
}

internal sealed class PublisherGrain : Grain, IPublisherGrain
{
    private readonly HashSet<IListener> _listeners = [];

    public Task Subscribe(IListener listener)
    {
        _listeners.Add(listener);
        return Task.CompletedTask;
    }

    public Task Publish(string what)
    {
        foreach (var listener in _listeners)
        {
            listener.Heard(what);
        }

        return Task.CompletedTask;
    }

    public Task<int> Ask(int question) => _listeners.Single().Answer(question);

    public Task<bool> MakeReferenceInside()
    {
        try
        {
            GrainFactory.CreateObjectReference<IListener>(new Listener(new Probe()));
            return Task.FromResult(true);
        }
        catch (InvalidOperationException)
        {
            return Task.FromResult(false);
        }
    }
}

internal sealed class Listener(Probe probe) : IListener
{
    public void Heard(string what) => probe.Note("heard " + what);

    public Task<int> Answer(int question) => Task.FromResult(question + 1);
}
