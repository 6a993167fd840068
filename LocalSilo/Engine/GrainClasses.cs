using Orleans.Configuration;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>All grain classes, by type and by interface.</summary>
internal sealed class GrainClasses
{
    public static readonly GrainClasses None = new([], new GrainCollectionOptions());

    private readonly Dictionary<GrainType, GrainClass> _byType = [];
    private readonly Dictionary<Type, List<GrainClass>> _byContract = [];

    public GrainClasses(IEnumerable<Type> types, GrainCollectionOptions collection)
    {
        foreach (var grainClass in types.Select(type => new GrainClass(type, collection)))
        {
            _byType.Add(grainClass.GrainType, grainClass);
            foreach (var contract in grainClass.Contracts)
            {
                if (!_byContract.TryGetValue(contract, out var classes))
                {
                    _byContract.Add(contract, classes = []);
                }

                classes.Add(grainClass);
            }
        }
    }

    public int Count => _byType.Count;

    public IEnumerable<GrainClass> All => _byType.Values;

    public GrainClass? Find(GrainType type) => _byType.GetValueOrDefault(type);

    /// <summary>The class that implements an interface; where several do, the one whose full name begins with the prefix.</summary>
    /// <exception cref="ArgumentException">None, or no single one.</exception>
    public GrainClass For(Type contract, string? prefix)
    {
        var all = _byContract.GetValueOrDefault(contract) ?? [];
        var fitting = string.IsNullOrEmpty(prefix) ? all : all.FindAll(known => known.Type.FullName!.StartsWith(prefix, StringComparison.Ordinal));
        if (fitting.Count > 1 && fitting.Find(known => known.Type.FullName == prefix) is { } exact)
        {
            return exact;
        }

        return fitting.Count switch
        {
            1 => fitting[0],
            0 => throw new ArgumentException($"No class{Named(prefix)} implements {contract}."),
            _ => throw new ArgumentException($"Several classes{Named(prefix)} implement {contract}: {string.Join(", ", fitting.Select(known => known.Type.FullName))}."),
        };
    }

    private static string Named(string? prefix) => string.IsNullOrEmpty(prefix) ? string.Empty : $" named '{prefix}...'";
}
