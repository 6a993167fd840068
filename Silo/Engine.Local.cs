namespace Fairway.Silo;

public static partial class FairwayEngine
{
    /// <summary>The name of the engine this was built for.</summary>
    public const string Name = "local";

    static partial void CheckEngine(IHostApplicationBuilder builder, EngineOptions options)
    {
        if (options.Client)
        {
            NeedCluster("A process without a silo (--client)");
        }
    }

    internal static partial void NeedCluster(string what) => throw new EngineException(
        EngineException.IsLocal,
        $"{what} needs the engine 'orleans'; this was built for 'local', which is one process. Build with -p:FairwayEngine=orleans, or start with --engine orleans.");
}
