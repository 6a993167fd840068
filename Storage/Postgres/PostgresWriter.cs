using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Fairway.Storage.Postgres;

/// <summary>Writes whose callers wait: those that come while a transaction is under way share the next one.</summary>
internal sealed class PostgresWriter : IAsyncDisposable
{
    private readonly Channel<Write> _writes = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
    private readonly PostgresStore _store;
    private readonly PostgresMetrics _metrics;
    private readonly ILogger<PostgresWriter> _logger;
    private readonly int _batchSize;
    private readonly Task _running;

    public PostgresWriter(PostgresStore store, PostgresMetrics metrics, IOptions<PostgresOptions> options, ILogger<PostgresWriter> logger)
    {
        (_store, _metrics, _logger, _batchSize) = (store, metrics, logger, options.Value.BatchSize);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Commands that may be done twice, all of them or none; committed when this returns.</summary>
    /// <exception cref="GrainInterfaces.Streams.HistoryAwayException">The database does not answer.</exception>
    public Task WriteAsync(params NpgsqlBatchCommand[] commands)
    {
        var write = new Write(commands);
        return _writes.Writer.TryWrite(write) ? write.Done.Task : Task.FromException(new ObjectDisposedException(nameof(PostgresWriter)));
    }

    public async ValueTask DisposeAsync()
    {
        _writes.Writer.TryComplete();
        await _running;
    }

    private async Task RunAsync()
    {
        var batch = new List<Write>();
        while (await _writes.Reader.WaitToReadAsync())
        {
            while (batch.Count < _batchSize && _writes.Reader.TryRead(out var write))
            {
                batch.Add(write);
            }

            await CommitAsync(batch);
            batch.Clear();
        }
    }

    private async Task CommitAsync(List<Write> batch)
    {
        try
        {
            await _store.RunAsync(async (connection, token) =>
            {
                // One batch is one transaction, and one round trip.
                await using var commands = new NpgsqlBatch(connection);
                foreach (var command in batch.SelectMany(write => write.Commands))
                {
                    commands.BatchCommands.Add(Copy(command));
                }

                return await commands.ExecuteNonQueryAsync(token);
            });
            _metrics.Wrote(batch.Count);
            batch.ForEach(write => write.Done.SetResult());
        }
        catch (PostgresException) when (batch.Count > 1)
        {
            // One that the database refuses must not take the others with it.
            foreach (var write in batch)
            {
                await CommitAsync([write]);
            }
        }
        catch (Exception failure)
        {
            if (failure is PostgresException)
            {
                _logger.WriteRefused(failure);
            }

            batch.ForEach(write => write.Done.SetException(failure));
        }
    }

    // A command belongs to the batch it was added to, and a try that failed has one.
    private static NpgsqlBatchCommand Copy(NpgsqlBatchCommand command)
    {
        var copy = new NpgsqlBatchCommand(command.CommandText);
        foreach (var parameter in command.Parameters)
        {
            copy.Parameters.Add(((NpgsqlParameter)parameter).Clone());
        }

        return copy;
    }

    private sealed class Write(NpgsqlBatchCommand[] commands)
    {
        public NpgsqlBatchCommand[] Commands { get; } = commands;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
