using System.Collections.Immutable;
using Fairway.Core.Releases;

namespace Fairway.Gateway.Releases.Executors;

/// <summary>Starts and stops instances. What is so already is left alone: every call may come twice.</summary>
public interface IReleaseExecutor
{
    /// <summary>Sees to it that a version of a service has so many instances; returns when that is under way.</summary>
    /// <exception cref="ExecutorException">It could not; the release pauses with this reason.</exception>
    Task ScaleAsync(ScaleRequest request, CancellationToken cancellationToken);
}

/// <param name="Version">Empty for the version that is base.</param>
/// <param name="Lane">The lane its instances start in; empty for base.</param>
/// <param name="Stop">Those that are not to remain; the ids are the registry's.</param>
public sealed record ScaleRequest(string Service, string Version, string Lane, int Count, ImmutableArray<ReleaseTarget> Stop);

/// <summary>Instances could not be started or stopped.</summary>
public sealed class ExecutorException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Where none is configured: a person does it, and the release waits for what shows in the registry.</summary>
internal sealed class NoExecutor : IReleaseExecutor
{
    public Task ScaleAsync(ScaleRequest request, CancellationToken cancellationToken) => Task.CompletedTask;
}
