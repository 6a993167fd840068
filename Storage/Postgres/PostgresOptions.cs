using Microsoft.Extensions.Options;
using Npgsql;

namespace Fairway.Storage.Postgres;

/// <summary>
/// PostgreSQL as history, and as what several Gateways share of acknowledgements, idempotency keys and first frames: configuration section
/// <c>History:Postgres</c>. An empty <c>ConnectionString</c> keeps all of it in journals.
/// </summary>
public sealed class PostgresOptions
{
    public const string Section = "History:Postgres";

    /// <summary>As Npgsql takes it: <c>Host=db;Username=fairway;Password=...;Database=fairway</c>.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>The schema, made at start where it is missing. 1-40 of <c>a-z0-9_</c>, not beginning with a digit. Default <c>fairway</c>.</summary>
    public string Schema { get; set; } = "fairway";

    /// <summary>Connections of this process, 2 to 500. Default 20.</summary>
    public int MaxConnections { get; set; } = 20;

    /// <summary>Seconds a connection may take to come up, 1 to 60. Default 3.</summary>
    public int ConnectSeconds { get; set; } = 3;

    /// <summary>Seconds a statement may take, 1 to 300. Default 5.</summary>
    public int CommandSeconds { get; set; } = 5;

    /// <summary>Writes that may go in one transaction, 1 to 5000. Default 256.</summary>
    public int BatchSize { get; set; } = 256;

    /// <summary>Seconds between two looks for what is to be forgotten, 1 to 86400. Default 600.</summary>
    public double CleanSeconds { get; set; } = 600;
}

internal sealed class PostgresOptionsValidator : IValidateOptions<PostgresOptions>
{
    public ValidateOptionsResult Validate(string? name, PostgresOptions options)
    {
        List<string> failures = [];
        try
        {
            if (new NpgsqlConnectionStringBuilder(options.ConnectionString).Host is null or "")
            {
                failures.Add($"{PostgresOptions.Section}:ConnectionString names no Host.");
            }
        }
        catch (Exception malformed) when (malformed is ArgumentException or FormatException)
        {
            failures.Add($"{PostgresOptions.Section}:ConnectionString is malformed."); // its text may hold a password
        }

        if (options.Schema.Length is 0 or > 40 || char.IsAsciiDigit(options.Schema[0])
            || !options.Schema.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '_'))
        {
            failures.Add($"{PostgresOptions.Section}:Schema is '{options.Schema}'; it must be 1-40 of a-z0-9_, not beginning with a digit.");
        }

        Check(nameof(options.MaxConnections), options.MaxConnections, 2, 500);
        Check(nameof(options.ConnectSeconds), options.ConnectSeconds, 1, 60);
        Check(nameof(options.CommandSeconds), options.CommandSeconds, 1, 300);
        Check(nameof(options.BatchSize), options.BatchSize, 1, 5000);
        Check(nameof(options.CleanSeconds), options.CleanSeconds, 1, 86400);
        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;

        void Check(string field, double value, double least, double most)
        {
            if (!(value >= least && value <= most))
            {
                failures.Add($"{PostgresOptions.Section}:{field} is {value}; it must be {least} to {most}.");
            }
        }
    }
}
