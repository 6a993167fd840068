namespace Fairway.Testing;

/// <summary>
/// A real server on loopback with a temporary folder for all it writes. It keeps its ports and data over <see cref="Kill"/> and
/// <see cref="RestartAsync"/>.
/// </summary>
/// <param name="name">As people call it.</param>
public abstract class RealServer(string name) : IAsyncDisposable
{
    private RealProcess? _process;

    public RealProcess Process => _process ?? throw new InvalidOperationException($"{name} is not started.");

    /// <summary>Removed with its content on dispose.</summary>
    protected TempFolder Folder { get; } = new();

    /// <summary>How long it may take until it answers.</summary>
    protected virtual TimeSpan StartLimit => TimeSpan.FromSeconds(30);

    /// <summary>SIGKILL to the server and all its children: no goodbye to clients; what is on the disk stays.</summary>
    public void Kill() => Process.Kill();

    /// <summary>Stops it with SIGTERM; what is on the disk stays.</summary>
    public virtual Task StopAsync() => Process.StopAsync();

    /// <summary>SIGSTOP: it takes connections and answers nothing.</summary>
    public void Freeze() => Process.Freeze();

    public void Resume() => Process.Resume();

    /// <summary>Starts it on the same ports and data, stopping it before if it still runs, and waits until it answers.</summary>
    public async Task RestartAsync()
    {
        await EndAsync();
        _process = RealProcess.Start(Command());
        await _process.WaitReadyAsync(AnswersAsync, StartLimit);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await EndAsync();
        Folder.Dispose();
    }

    /// <summary>Returns the server once it answers; disposes of one that does not start.</summary>
    protected static async Task<T> BeginAsync<T>(T server)
        where T : RealServer
    {
        ArgumentNullException.ThrowIfNull(server);
        try
        {
            await server.PrepareAsync();
            await server.RestartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Comes before the first start.</summary>
    protected virtual Task PrepareAsync() => Task.CompletedTask;

    protected abstract RealProcessStart Command();

    /// <summary>Whether it answers clients. One that throws is not there yet.</summary>
    protected abstract Task<bool> AnswersAsync();

    private async Task EndAsync()
    {
        if (_process is { } process)
        {
            await StopAsync();
            await process.DisposeAsync();
            _process = null;
        }
    }
}
