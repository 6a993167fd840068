namespace Fairway.LocalSilo;

/// <summary>
/// The service keys under which the clocks of the engine are looked up; the same as the real engine's. Unless given one of
/// its own, each is the unkeyed <see cref="TimeProvider"/>.
/// </summary>
internal static class Clocks
{
    public const string Grains = "Orleans.Grains";
    public const string Messaging = "Orleans.Messaging";
    public const string Activations = "Orleans.ActivationManagement";
}
