using System.Reflection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>What is known of one method of a grain or observer interface.</summary>
internal sealed class MethodDescriptor
{
    public MethodDescriptor(MethodInfo method)
    {
        Method = method;
        Parameters = method.GetParameters();
        TokenIndex = Array.FindIndex(Parameters, parameter => parameter.ParameterType == typeof(CancellationToken));
        OneWay = method.ReturnType == typeof(void) || method.IsDefined(typeof(OneWayAttribute));
        ReadOnly = method.IsDefined(typeof(ReadOnlyAttribute));
        AlwaysInterleave = method.IsDefined(typeof(AlwaysInterleaveAttribute));
        ResponseTimeout = method.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
    }

    public MethodInfo Method { get; }

    public ParameterInfo[] Parameters { get; }

    /// <summary>Where the cancellation token stands; -1 without one.</summary>
    public int TokenIndex { get; }

    public bool OneWay { get; }

    public bool ReadOnly { get; }

    public bool AlwaysInterleave { get; }

    public TimeSpan? ResponseTimeout { get; }

    public RequestPool Pool { get; } = new();

    /// <summary>The fields of the request type that hold the arguments, by index; null at the token's.</summary>
    public FieldInfo?[] ArgumentFields { get; set; } = [];

    public override string ToString() => $"{Method.DeclaringType!.Name}.{Method.Name}";

    /// <summary>The methods that a call through <paramref name="contract"/> can reach, inherited ones included.</summary>
    public static IEnumerable<MethodInfo> AllOf(Type contract) =>
        contract.GetInterfaces().Prepend(contract)
            .Where(type => typeof(IAddressable).IsAssignableFrom(type))
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(method => method.IsAbstract);
}
