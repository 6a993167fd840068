using Orleans.Concurrency;

namespace Fairway.LocalSilo.Tests;

[Alias("test.IWorkGrain")]
public interface IWorkGrain : IGrainWithStringKey
{
    /// <summary>Notes its begin, waits for the gate of its name, notes its end.</summary>
    [Alias("Work")]
    Task Work(string name);

    [Alias("ReadWork")]
    [ReadOnly]
    Task ReadWork(string name);

    [Alias("AsideWork")]
    [AlwaysInterleave]
    Task AsideWork(string name);

    /// <summary>Notes its begin and keeps its thread until the gate of its name is open.</summary>
    [Alias("Hold")]
    Task Hold(string name);

    [Alias("Add")]
    ValueTask<int> Add(int by);

    [Alias("Activation")]
    Task<Guid> Activation();

    [Alias("YieldAdd")]
    Task<int> YieldAdd(int times);

    [Alias("Post")]
    [OneWay]
    Task Post(string name);

    [Alias("CancellableWork")]
    Task CancellableWork(string name, CancellationToken token);

    [Alias("CancellableAsideWork")]
    [AlwaysInterleave]
    Task CancellableAsideWork(string name, CancellationToken token);

    [Alias("End")]
    Task End();

    [Alias("EndThenWork")]
    Task EndThenWork(string name);

    [Alias("Linger")]
    Task Linger(TimeSpan time);
}

internal sealed class WorkGrain(Probe probe) : Grain, IWorkGrain
{
    private readonly Guid _activation = Guid.NewGuid();
    private int _sum;

    private string Me => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        probe.Note($"{Me} on");
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        probe.Note($"{Me} off {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public async Task Work(string name)
    {
        probe.Note("begin " + name);
        await probe.Pass(name);
        probe.Note("end " + name);
    }

    public Task ReadWork(string name) => Work(name);

    public Task AsideWork(string name) => Work(name);

    public Task Hold(string name)
    {
        probe.Note("begin " + name);
        probe.Pass(name).Wait();
        return Task.CompletedTask;
    }

    public ValueTask<int> Add(int by) => new(_sum += by);

    public Task<Guid> Activation() => Task.FromResult(_activation);

    public async Task<int> YieldAdd(int times)
    {
        for (var i = 0; i < times; i++)
        {
            var before = _sum;
            await Task.Yield();
            _sum = before + 1;
        }

        return _sum;
    }

    public Task Post(string name) => Work(name);

    public async Task CancellableWork(string name, CancellationToken token)
    {
        probe.Note("begin " + name);
        token.Register(() => probe.Note("cancelled " + name));
        await probe.Pass(name).WaitAsync(token);
        probe.Note("end " + name);
    }

    public Task CancellableAsideWork(string name, CancellationToken token) => CancellableWork(name, token);

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task EndThenWork(string name)
    {
        DeactivateOnIdle();
        await Work(name);
    }

    public Task Linger(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.CompletedTask;
    }
}

[Alias("test.IReentrantGrain")]
public interface IReentrantGrain : IGrainWithStringKey
{
    [Alias("Work")]
    Task Work(string name);
}

[Reentrant]
internal sealed class ReentrantGrain(Probe probe) : Grain, IReentrantGrain
{
    public async Task Work(string name)
    {
        probe.Note("begin " + name);
        await probe.Pass(name);
        probe.Note("end " + name);
    }
}
