namespace Fairway.Silo;

public static partial class FairwayEngine
{
    /// <summary>The name of the engine this was built for.</summary>
    public const string Name = "local";
}
