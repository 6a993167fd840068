using System.Data.Common;

namespace Fairway.Sdk.Stress;

/// <summary>
/// A database with a shadow. Which of the two is chosen each time a connection or command is asked for, never for a pooled connection:
/// each has its own pool.
/// </summary>
/// <param name="shadow">Null for none: stress requests are refused then.</param>
public sealed class ShadowDataSource(DbDataSource primary, DbDataSource? shadow, StressGate gate) : DbDataSource
{
    public override string ConnectionString => primary.ConnectionString;

    /// <summary>The database that what runs now may use.</summary>
    /// <exception cref="StressException"><c>SHADOW_MISSING</c>, <c>STRESS_CACHE_ONLY</c>.</exception>
    public DbDataSource Current => gate.Decide() switch
    {
        StressDecision.Primary => primary,
        _ when shadow is null => throw StressException.Missing("the database"),
        StressDecision.Shadow => shadow,
        _ => throw gate.OverThreshold(),
    };

    protected override DbConnection CreateDbConnection() => Current.CreateConnection();

    protected override DbConnection OpenDbConnection() => Current.OpenConnection();

    protected override ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) => Current.OpenConnectionAsync(cancellationToken);

    protected override DbCommand CreateDbCommand(string? commandText = null) => Current.CreateCommand(commandText);

    protected override DbBatch CreateDbBatch() => Current.CreateBatch();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            primary.Dispose();
            shadow?.Dispose();
        }

        base.Dispose(disposing);
    }

    protected override async ValueTask DisposeAsyncCore()
    {
        await primary.DisposeAsync();
        if (shadow is not null)
        {
            await shadow.DisposeAsync();
        }

        await base.DisposeAsyncCore();
    }
}
