namespace Fairway.Sdk.RabbitMq;

/// <summary>How a RabbitMQ broker is reached.</summary>
public class BrokerOptions
{
    /// <summary>
    /// <c>amqp://user:password@host:5672/vhost</c>, or <c>amqps://</c>. Several members of a cluster are separated by commas; user, password
    /// and virtual host are the first one's.
    /// </summary>
    public string Uri { get; set; } = "";

    /// <summary>Seconds a connection may take to come up, 1 to 60. Default 5.</summary>
    public double ConnectSeconds { get; set; } = 5;

    /// <summary>Seconds of silence after which a peer counts as gone, 1 to 600. Default 10.</summary>
    public double HeartbeatSeconds { get; set; } = 10;

    /// <summary>Seconds to wait for a publisher confirm, 0.1 to 60. Default 5.</summary>
    public double ConfirmSeconds { get; set; } = 5;

    /// <summary>Each setting that cannot work, as a sentence that names it.</summary>
    /// <param name="section">The configuration section the options come from.</param>
    public virtual IEnumerable<string> Failures(string section)
    {
        if (Uri.Length == 0)
        {
            yield return $"{section}:Uri is empty; it must be amqp://user:password@host:port/vhost.";
        }

        foreach (var part in Members().Where(part => !IsAmqp(part)))
        {
            // Never the text itself: it has a password in it.
            yield return $"{section}:Uri has a member that is no amqp:// or amqps:// URI (its length is {part.Length}).";
        }

        foreach (var (name, value, least, most) in Ranges())
        {
            if (!(value >= least && value <= most))
            {
                yield return $"{section}:{name} is {value}; it must be {least} to {most}.";
            }
        }
    }

    internal string[] Members() => Uri.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Settings that are numbers, and their bounds.</summary>
    protected virtual IEnumerable<(string Name, double Value, double Least, double Most)> Ranges() =>
    [
        (nameof(ConnectSeconds), ConnectSeconds, 1, 60),
        (nameof(HeartbeatSeconds), HeartbeatSeconds, 1, 600),
        (nameof(ConfirmSeconds), ConfirmSeconds, 0.1, 60),
    ];

    private static bool IsAmqp(string part) =>
        System.Uri.TryCreate(part, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps" && uri.Host.Length > 0;
}
