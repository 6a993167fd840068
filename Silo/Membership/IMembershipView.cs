namespace Fairway.Silo.Membership;

/// <summary>What this process knows of the cluster it is in, on either engine.</summary>
public interface IMembershipView
{
    /// <summary>Whether this process's silo takes part. True for a client, which has none, and for the local engine.</summary>
    bool IsActive { get; }

    /// <summary>The state of this process's silo in the engine's word; <c>Client</c> where there is none.</summary>
    string State { get; }

    /// <summary>How many silos are in each state, this process's own included.</summary>
    IReadOnlyDictionary<string, int> Silos { get; }
}
