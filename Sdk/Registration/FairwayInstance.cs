using Fairway.Core.Directory;

namespace Fairway.Sdk.Registration;

/// <summary>Where this instance stands with the registry.</summary>
public enum RegistrationState
{
    /// <summary>Registration is switched off.</summary>
    Off,

    /// <summary>Not registered yet; being tried.</summary>
    Waiting,
    Registered,

    /// <summary>Refused with <see cref="FairwayInstance.ErrorCode"/>; the service serves on, unfound, and is tried again.</summary>
    Refused,

    /// <summary>About to leave; still registered, with <see cref="InstanceRecord.Draining"/>.</summary>
    Draining,
    Left,
}

/// <summary>This process as Fairway sees it.</summary>
public sealed class FairwayInstance
{
    private volatile Standing _standing = new(RegistrationState.Waiting, null, null, null);

    public RegistrationState State => _standing.State;

    /// <summary>What is published; null until the server listens.</summary>
    public InstanceRecord? Record => _standing.Record;

    /// <summary>A stable code when <see cref="RegistrationState.Refused"/>, such as <c>LANE_UNKNOWN</c>; else null.</summary>
    public string? ErrorCode => _standing.ErrorCode;

    /// <summary>Why it is not registered, for people; null when it is.</summary>
    public string? Error => _standing.Error;

    internal void Set(RegistrationState state, InstanceRecord? record, string? errorCode = null, string? error = null) =>
        _standing = new Standing(state, record, errorCode, error);

    /// <summary>From one state to another; nothing when it is in a third.</summary>
    internal void Move(RegistrationState from, RegistrationState to, string? error = null)
    {
        var standing = _standing;
        if (standing.State == from)
        {
            Interlocked.CompareExchange(ref _standing, new Standing(to, standing.Record, null, error), standing);
        }
    }

    private sealed record Standing(RegistrationState State, InstanceRecord? Record, string? ErrorCode, string? Error);
}
