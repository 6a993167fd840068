namespace Fairway.Silo;

/// <summary>The engine cannot do what it was asked to. Programs print <c>CODE: message</c> and end with 2.</summary>
public sealed class EngineException(string code, string message) : Exception(message)
{
    /// <summary>The process asks for what only a cluster has, and was built for the local engine.</summary>
    public const string IsLocal = "ENGINE_IS_LOCAL";

    /// <summary>The process asks for a cluster without naming the registry that the cluster meets in.</summary>
    public const string NoRegistry = "ENGINE_NO_REGISTRY";

    /// <summary>The stream provider that is to tell of jobs is not configured.</summary>
    public const string NoStreamProvider = "ENGINE_NO_STREAM_PROVIDER";

    public string Code { get; } = code;
}
