using System.Text.Json.Nodes;
using Fairway.Gateway.Http;
using Fairway.Registry;

namespace Fairway.Gateway.Registration;

/// <summary>
/// Keeps the instances of the services file registered. Each has one lease, found by its key and renewed by every Gateway that has
/// it in its file, so that one of them may stop without the instance leaving, and none puts again what another has put. What stands
/// in the registry is replaced only when this Gateway's own file changed, or when it is gone.
/// </summary>
internal sealed class FileRegistrations(ServicesFile file, Registrar registrar, TimeProvider time, ILogger<FileRegistrations> logger) : BackgroundService
{
    /// <summary>Between two looks at the file.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Dictionary<(string Service, string Id), Kept> _kept = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var turns = new PeriodicTimer(LookEvery, time);
        try
        {
            do
            {
                Look();
                foreach (var (name, kept) in _kept.ToList())
                {
                    await SettleAsync(name, kept, stoppingToken);
                }
            }
            while (await turns.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Not deregistered: other Gateways may hold them, and this one may be back before their time to live ends.
        }
    }

    private void Look()
    {
        try
        {
            if (file.ReadIfChanged() is not { } entries)
            {
                return;
            }

            foreach (var (name, kept) in _kept)
            {
                kept.Take(entries.GetValueOrDefault(name));
            }

            foreach (var (name, entry) in entries)
            {
                _kept.TryAdd(name, new Kept(entry));
            }

            Log.ServicesFileRead(logger, file.Path, entries.Count);
        }
        catch (ApiException refused)
        {
            Log.ServicesFileInvalid(logger, file.Path, refused.Code, refused.Message);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            Log.ServicesFileInvalid(logger, file.Path, "UNREADABLE", unreadable.Message);
        }
    }

    private async Task SettleAsync((string Service, string Id) name, Kept kept, CancellationToken ct)
    {
        try
        {
            switch (kept)
            {
                case { Entry: null }:
                    await RemoveAsync(name, ct);
                    _kept.Remove(name);
                    break;
                case { IsPut: false, Entry: { } entry }:
                    await RegisterAsync(entry, ct);
                    kept.Renewed(time.GetTimestamp());
                    break;
                case { Entry: { } entry } when time.GetElapsedTime(kept.RenewedAt) >= TimeSpan.FromSeconds(entry.TtlSeconds) / 3:
                    var asked = time.GetTimestamp();
                    await RenewAsync(name, entry, ct);
                    kept.Renewed(asked);
                    break;
            }

            kept.Complaint = null;
        }
        catch (Exception error) when (error is ApiException or RegistryException or TimeoutException)
        {
            if (kept.Complaint != error.Message)
            {
                kept.Complaint = error.Message; // once, not each second
                Log.ServicesFileEntry(logger, name.Service, name.Id, error.Message);
            }
        }
    }

    private async Task RegisterAsync(FileEntry entry, CancellationToken ct) =>
        await registrar.RegisterAsync(entry.Record, entry.TtlSeconds, (JsonObject)entry.Posted.DeepClone(), ct);

    private async Task RenewAsync((string Service, string Id) name, FileEntry entry, CancellationToken ct)
    {
        try
        {
            await registrar.HeartbeatAsync(name.Service, name.Id, ct);
        }
        catch (ApiException gone) when (gone.Code == Registrar.UnknownCode)
        {
            await RegisterAsync(entry, ct);
        }
    }

    private async Task RemoveAsync((string Service, string Id) name, CancellationToken ct)
    {
        try
        {
            await registrar.DeregisterAsync(name.Service, name.Id, ct);
        }
        catch (ApiException gone) when (gone.Code == Registrar.UnknownCode)
        {
            // Another Gateway read the file first.
        }
    }

    /// <summary>One instance that this Gateway keeps, or is to remove.</summary>
    private sealed class Kept(FileEntry entry)
    {
        /// <summary>Null: it left the file.</summary>
        public FileEntry? Entry { get; private set; } = entry;

        public bool IsPut { get; private set; }

        public long RenewedAt { get; private set; }

        public string? Complaint { get; set; }

        public void Take(FileEntry? entry)
        {
            IsPut &= entry is not null && Entry is not null && entry.IsSame(Entry);
            Entry = entry;
        }

        public void Renewed(long at)
        {
            IsPut = true;
            RenewedAt = at;
        }
    }
}
