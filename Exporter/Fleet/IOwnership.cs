namespace Fairway.Exporter.Fleet;

/// <summary>Decides which instances this exporter probes.</summary>
public interface IOwnership
{
    bool Owns(string service, string instance);
}

/// <summary>The only exporter: everything is its own.</summary>
public sealed class SoleOwnership : IOwnership
{
    public bool Owns(string service, string instance) => true;
}
