namespace Fairway.Silo.Orleans;

internal static class SiloStatusSubscription
{
    /// <summary>Tells the listener of silos that come and go, from a stage of this silo's start until it leaves that stage.</summary>
    public static void Listen<TListener>(this ISiloLifecycle lifecycle, int stage, ISiloStatusOracle silos, TListener listener)
        where TListener : ISiloStatusListener => lifecycle.Subscribe(
        typeof(TListener).Name,
        stage,
        _ =>
        {
            silos.SubscribeToSiloStatusEvents(listener);
            return Task.CompletedTask;
        },
        _ =>
        {
            silos.UnSubscribeFromSiloStatusEvents(listener);
            return Task.CompletedTask;
        });
}
