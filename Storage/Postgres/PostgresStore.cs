using System.Net.Sockets;
using Fairway.GrainInterfaces.Streams;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Fairway.Storage.Postgres;

/// <summary>
/// The database as this process sees it: pooled connections, migrated before their first use, and one exception for all the ways in
/// which it can be away. It need not be there when the Gateway starts, and it comes back by itself.
/// </summary>
internal sealed class PostgresStore : BackgroundService
{
    /// <summary>The second try finds a new connection where the first had one whose server was restarted.</summary>
    private const int Tries = 3;

    private static readonly TimeSpan StartRetry = TimeSpan.FromSeconds(1);

    private readonly PostgresOptions _options;
    private readonly PostgresMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<PostgresStore> _logger;
    private readonly NpgsqlDataSource _source;
    private readonly SemaphoreSlim _migrating = new(1);
    private volatile bool _isReady;

    public PostgresStore(IOptions<PostgresOptions> options, PostgresMetrics metrics, TimeProvider time, ILogger<PostgresStore> logger)
    {
        (_options, _metrics, _time, _logger) = (options.Value, metrics, time, logger);
        _source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_options.ConnectionString)
        {
            SearchPath = _options.Schema,
            MaxPoolSize = _options.MaxConnections,
            Timeout = _options.ConnectSeconds,
            CommandTimeout = _options.CommandSeconds,
            CancellationTimeout = 1000,
            ApplicationName = "fairway",
        });
    }

    /// <summary>Does what may be done twice, as it is tried again where a connection breaks.</summary>
    /// <exception cref="HistoryAwayException">The database does not answer.</exception>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken = default)
    {
        for (var tries = 1; ; tries++)
        {
            var began = _time.GetTimestamp();
            try
            {
                await using var connection = await _source.OpenConnectionAsync(cancellationToken);
                await MigrateAsync(connection, cancellationToken);
                var result = await work(connection, cancellationToken);
                _metrics.Answered(_time.GetElapsedTime(began));
                return result;
            }
            catch (Exception failure) when (IsAway(failure) && !cancellationToken.IsCancellationRequested)
            {
                if (tries < Tries && IsBroken(failure))
                {
                    _source.Clear(); // the others of the pool are broken too
                    continue;
                }

                _metrics.Failed();
                _logger.Away(failure.InnerException?.Message ?? failure.Message);
                throw new HistoryAwayException(failure);
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _source.Dispose();
        _migrating.Dispose();
    }

    /// <summary>Migrates at the start, or as soon as the database is there.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!_isReady && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync((_, _) => Task.FromResult(true), stoppingToken);
            }
            catch (HistoryAwayException)
            {
                await Task.Delay(StartRetry, _time, stoppingToken).ContinueWith(_ => { }, TaskScheduler.Default);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task MigrateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_isReady)
        {
            return;
        }

        await _migrating.WaitAsync(cancellationToken);
        try
        {
            if (!_isReady)
            {
                await Migrator.RunAsync(connection, _options.Schema, _logger, cancellationToken);
                _isReady = true;
                _logger.Ready(_options.Schema, Migrator.Newest);
            }
        }
        finally
        {
            _migrating.Release();
        }
    }

    /// <summary>A connection whose server was restarted: the next one may be good.</summary>
    private static bool IsBroken(Exception failure) => failure
        is PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown }
        or NpgsqlException { InnerException: IOException or SocketException { SocketErrorCode: not SocketError.ConnectionRefused } };

    /// <summary>Broken and refused connections, time-outs, and a server that starts, stops, is full or only reads.</summary>
    private static bool IsAway(Exception failure) => failure switch
    {
        PostgresException refused => refused.IsTransient || refused.SqlState is [ '0', '8', .. ] or [ '5', '7', 'P', .. ] or [ '5', '3', .. ] or "25006" or "57014",
        NpgsqlException or TimeoutException or SocketException or IOException => true,
        _ => false,
    };
}
