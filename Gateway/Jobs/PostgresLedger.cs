using System.Collections.Concurrent;
using Fairway.GrainInterfaces.Streams;
using Fairway.Storage.Postgres;
using Npgsql;

namespace Fairway.Gateway.Jobs;

/// <summary>Idempotency keys and first frames that all Gateways of a database share. Ages are by the database's clock alone.</summary>
internal sealed class PostgresLedger(PostgresStore store, TimeProvider time) : IJobLedger
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>The key is taken where nobody has it, where its reservation lapsed (its Gateway died), and where it is a day old.</summary>
    private const string Take = """
        INSERT INTO idempotency_keys AS k (usr, key, body_hash, owner, reserved_until) VALUES ($1, $2, $3, $4, now() + interval '60 seconds')
        ON CONFLICT (usr, key) DO UPDATE SET
            body_hash = excluded.body_hash, owner = excluded.owner, reserved_until = excluded.reserved_until, version = NULL, settled_at = NULL
        WHERE (k.version IS NULL AND k.reserved_until < now()) OR k.settled_at < now() - interval '24 hours' OR k.owner = excluded.owner
        RETURNING owner
        """;

    private readonly IdempotencyKeys _local = new(time);
    private readonly ConcurrentDictionary<IdempotencyReservation, bool> _held = new();
    private readonly Guid _owner = Guid.NewGuid();

    public async Task<IdempotencyResult> ReserveAsync(string user, string key, ReadOnlyMemory<byte> bodyHash, CancellationToken cancellationToken)
    {
        while (true)
        {
            // One caller of this process at a time asks the database; the others wait for what becomes of it.
            var local = await _local.ReserveAsync(user, key, bodyHash, cancellationToken);
            if (local.Reservation is not { } mine)
            {
                return local;
            }

            try
            {
                if (await TakeOrFindAsync(user, key, bodyHash, cancellationToken) is not { } settled)
                {
                    return Reserved(user, key, bodyHash, mine);
                }

                _local.Settle(user, key, settled.BodyHash, settled.Version, time.GetUtcNow() - settled.Age);
            }
            catch
            {
                mine.Dispose();
                throw;
            }
        }

        IdempotencyResult Reserved(string user, string key, ReadOnlyMemory<byte> bodyHash, IdempotencyReservation mine)
        {
            var reservation = new IdempotencyReservation(user, key, bodyHash, given => _ = ReleaseAsync(given, mine));
            _held[reservation] = true;
            return new IdempotencyResult(IdempotencyOutcome.Reserved, 0, reservation);
        }
    }

    public async Task SettleAsync(IdempotencyReservation reservation, long version)
    {
        var settled = await store.RunAsync((connection, token) => connection.ExecuteAsync(
            "UPDATE idempotency_keys SET version = $4, settled_at = now() WHERE usr = $1 AND key = $2 AND owner = $3 AND (version IS NULL OR version = $4)",
            token,
            reservation.User, reservation.Key, _owner, version));
        if (settled == 0)
        {
            throw new HistoryAwayException(new TimeoutException("The reservation of the idempotency key lapsed."));
        }

        _held.TryRemove(reservation, out _);
        _local.Settle(reservation.User, reservation.Key, reservation.BodyHash, version, time.GetUtcNow());
    }

    public Task MarkFirstFrameAsync(string user, long version) => store.RunAsync((connection, token) =>
        connection.ExecuteAsync("INSERT INTO first_frames (usr, version) VALUES ($1, $2) ON CONFLICT DO NOTHING", token, user, version));

    public Task<bool> HasFirstFrameAsync(string user, long version) => store.RunAsync(async (connection, token) =>
    {
        await using var command = connection.Command("SELECT 1 FROM first_frames WHERE usr = $1 AND version = $2", user, version);
        return await command.ExecuteScalarAsync(token) is not null;
    });

    /// <summary>Null: the key is reserved for this process. Waits while another process has it.</summary>
    private async Task<Settled?> TakeOrFindAsync(string user, string key, ReadOnlyMemory<byte> bodyHash, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (isTaken, settled) = await store.RunAsync(
                async (connection, token) =>
                {
                    await using var take = connection.Command(Take, user, key, bodyHash.ToArray(), _owner);
                    return await take.ExecuteScalarAsync(token) is not null ? (true, null) : (false, await FindAsync(connection, user, key, token));
                },
                cancellationToken);
            if (isTaken || settled is not null)
            {
                return settled;
            }

            await Task.Delay(Poll, time, cancellationToken);
        }
    }

    private static async Task<Settled?> FindAsync(NpgsqlConnection connection, string user, string key, CancellationToken cancellationToken)
    {
        await using var find = connection.Command(
            "SELECT body_hash, version, now() - settled_at FROM idempotency_keys WHERE usr = $1 AND key = $2 AND version IS NOT NULL", user, key);
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new Settled((byte[])row[0], row.GetInt64(1), row.GetTimeSpan(2))
            : null;
    }

    /// <summary>The post was refused. In this process the key is free only after it is free for all.</summary>
    private async Task ReleaseAsync(IdempotencyReservation reservation, IdempotencyReservation local)
    {
        if (!_held.TryRemove(reservation, out _))
        {
            return;
        }

        try
        {
            await store.RunAsync((connection, token) => connection.ExecuteAsync(
                "DELETE FROM idempotency_keys WHERE usr = $1 AND key = $2 AND owner = $3 AND version IS NULL", token,
                reservation.User, reservation.Key, _owner));
        }
        catch (Exception failure) when (failure is HistoryAwayException or ObjectDisposedException)
        {
            // it lapses
        }
        finally
        {
            local.Dispose();
        }
    }

    private sealed record Settled(byte[] BodyHash, long Version, TimeSpan Age);
}
