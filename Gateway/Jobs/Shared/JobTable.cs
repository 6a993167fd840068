using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;
using Fairway.Storage.Postgres;
using Npgsql;

namespace Fairway.Gateway.Jobs.Shared;

/// <summary>
/// Jobs in the database, and which process runs one. Each change of a job's hands raises its attempt, and a process changes only what
/// it has by the attempt it knows; ages are by the database's clock alone.
/// </summary>
/// <param name="me">This process, new at each start.</param>
internal sealed class JobTable(PostgresStore store, Guid me)
{
    private const string Columns = "j.usr, j.version, j.conversation, j.request, j.label, j.attempt, j.is_marked";
    private const string Runs = "EXISTS (SELECT 1 FROM job_runners r WHERE r.id = j.runner AND r.until > now())";
    private const string Mine = "usr = $1 AND version = $2 AND runner = $3 AND attempt = $4";

    /// <summary>
    /// What nobody took in time, what a dead process had, and what stands under this one's name though it does not know of it: an answer
    /// of the database was lost.
    /// </summary>
    private const string Overdue = $"""
        WITH due AS (
            SELECT j.usr, j.version FROM jobs j
            WHERE (j.runner IS NULL AND j.moved_at < now() - $2)
                OR (j.runner <> $1 AND NOT {Runs})
                OR (j.runner = $1 AND j.moved_at < now() - $3
                    AND NOT EXISTS (SELECT 1 FROM unnest($4::text[], $5::bigint[]) h (usr, version) WHERE h.usr = j.usr AND h.version = j.version))
            ORDER BY j.version LIMIT $6 FOR UPDATE SKIP LOCKED)
        UPDATE jobs j SET runner = $1, attempt = attempt + 1, moved_at = now() FROM due
        WHERE j.usr = due.usr AND j.version = due.version RETURNING {Columns}
        """;

    /// <summary>The job waits from now on; durable when this returns.</summary>
    public Task AddAsync(StreamJob job) => RunAsync(
        "INSERT INTO jobs (usr, version, conversation, request, label) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        job.User, job.Version, job.Conversation, job.Request.Memory.ToArray(), job.Label);

    /// <summary>The post of the job is refused after all.</summary>
    public Task WithdrawAsync(StreamJob job) => RunAsync("DELETE FROM jobs WHERE usr = $1 AND version = $2", job.User, job.Version);

    /// <summary>A job that waits, runs or will be run again; null for one that broke off, too.</summary>
    public async Task<StreamJob?> FindAsync(string user, long version) => (await QueryAsync(
        $"SELECT {Columns} FROM jobs j WHERE usr = $1 AND version = $2 AND (NOT is_marked OR {Runs})", user, version)).SingleOrDefault();

    /// <summary>Null: another process has it, or it is done.</summary>
    public async Task<StreamJob?> TakeAsync(string user, long version) => (await QueryAsync(
        $"""
        UPDATE jobs j SET runner = $3, attempt = attempt + 1, moved_at = now()
        WHERE usr = $1 AND version = $2 AND (runner IS NULL OR runner = $3) RETURNING {Columns}
        """,
        user, version, me)).SingleOrDefault();

    /// <summary>Takes jobs that are overdue, oldest first.</summary>
    /// <param name="held">What this process has.</param>
    public Task<List<StreamJob>> TakeOverdueAsync(
        ICollection<(string User, long Version)> held, int room, TimeSpan wait, TimeSpan lease) => QueryAsync(
        Overdue, me, wait, lease, held.Select(job => job.User).ToArray(), held.Select(job => job.Version).ToArray(), room);

    /// <summary>A frame of the job is about to be stored. False: the job is another process's by now.</summary>
    public async Task<bool> MarkAsync(StreamJob job) => await ChangeAsync("UPDATE jobs SET is_marked = true WHERE ", job);

    public Task CompleteAsync(StreamJob job) => ChangeAsync("DELETE FROM jobs WHERE ", job);

    /// <summary>The job waits again. False: it is another process's by now.</summary>
    public Task<bool> ReturnAsync(StreamJob job) => ChangeAsync("UPDATE jobs SET runner = NULL, moved_at = now() WHERE ", job);

    /// <summary>This process lives. Returns how many jobs wait.</summary>
    public Task<uint> BeatAsync(TimeSpan lease) => store.RunAsync(async (connection, token) =>
    {
        await using var command = connection.Command(
            """
            WITH beat AS (
                INSERT INTO job_runners (id, until) VALUES ($1, now() + $2) ON CONFLICT (id) DO UPDATE SET until = excluded.until)
            SELECT count(*) FROM jobs WHERE runner IS NULL
            """,
            me, lease);
        return (uint)(long)(await command.ExecuteScalarAsync(token))!;
    });

    /// <summary>This process runs nothing any more.</summary>
    public Task LeaveAsync() => RunAsync("DELETE FROM job_runners WHERE id = $1", me);

    /// <summary>Removes jobs that nobody runs and nobody can be waiting for any more, and processes of long ago.</summary>
    /// <param name="limits">How long a request may wait for its model, see <see cref="StreamLimits.UnbegunOf"/>.</param>
    public async Task CleanAsync(StreamLimits limits)
    {
        await RunAsync(
            $"""
            DELETE FROM jobs j WHERE NOT is_marked AND NOT {Runs}
                AND at < now() - CASE WHEN starts_with(conversation, $2) THEN $3 ELSE $1 END
            """,
            limits.Unread, ConversationNames.Kept, limits.KeptUnfinished);
        await RunAsync("DELETE FROM job_runners WHERE until < now() - interval '1 hour'");
    }

    private async Task<bool> ChangeAsync(string sql, StreamJob job) => await RunAsync(sql + Mine, job.User, job.Version, me, job.Attempt) > 0;

    private Task<int> RunAsync(string sql, params object?[] values) =>
        store.RunAsync((connection, token) => connection.ExecuteAsync(sql, token, values));

    private Task<List<StreamJob>> QueryAsync(string sql, params object?[] values) => store.RunAsync(async (connection, token) =>
    {
        await using var command = connection.Command(sql, values);
        await using var rows = await command.ExecuteReaderAsync(token);
        var jobs = new List<StreamJob>();
        while (await rows.ReadAsync(token))
        {
            jobs.Add(Read(rows));
        }

        return jobs;
    });

    private static StreamJob Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), row.GetInt32(5), StreamBytes.From((byte[])row[3]), row.GetBoolean(6),
        row.IsDBNull(4) ? null : row.GetString(4));
}
