using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fairway.Core.Scoring;

/// <summary>Sums of the six figures of samples, and of how many had each: vectors of four and two, in the order of <see cref="LoadSample"/>.</summary>
internal struct FigureSums
{
    private const int Tail = 4;

    private LoadSample _sums;
    private LoadSample _counts;

    /// <summary>Adds a sample; a figure that is NaN counts as absent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in LoadSample sample)
    {
        ref var figures = ref First(ref Unsafe.AsRef(in sample));
        ref var sums = ref First(ref _sums);
        ref var counts = ref First(ref _counts);

        var four = Vector256.LoadUnsafe(ref figures);
        var hasFour = Vector256.Equals(four, four); // NaN equals nothing
        (Vector256.LoadUnsafe(ref sums) + (four & hasFour)).StoreUnsafe(ref sums);
        (Vector256.LoadUnsafe(ref counts) + (Vector256<double>.One & hasFour)).StoreUnsafe(ref counts);

        var two = Vector128.LoadUnsafe(ref figures, Tail);
        var hasTwo = Vector128.Equals(two, two);
        (Vector128.LoadUnsafe(ref sums, Tail) + (two & hasTwo)).StoreUnsafe(ref sums, Tail);
        (Vector128.LoadUnsafe(ref counts, Tail) + (Vector128<double>.One & hasTwo)).StoreUnsafe(ref counts, Tail);
    }

    /// <summary>The six figures as consecutive numbers, which they are in a struct of nothing else.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref double First(ref LoadSample sample) => ref Unsafe.As<LoadSample, double>(ref sample);

    /// <summary>Several sums added up, each with a weight; small enough to stay in registers.</summary>
    public struct Weighted
    {
        private Vector256<double> _four;
        private Vector256<double> _hasFour;
        private Vector128<double> _two;
        private Vector128<double> _hasTwo;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(ref FigureSums figures, double weight)
        {
            ref var sums = ref First(ref figures._sums);
            ref var counts = ref First(ref figures._counts);
            _four += Vector256.LoadUnsafe(ref sums) * weight;
            _hasFour += Vector256.LoadUnsafe(ref counts) * weight;
            _two += Vector128.LoadUnsafe(ref sums, Tail) * weight;
            _hasTwo += Vector128.LoadUnsafe(ref counts, Tail) * weight;
        }

        /// <summary>Sum by count; 0/0 is NaN, for a figure that no sample had.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly LoadSample Means()
        {
            var four = _four / _hasFour;
            var two = _two / _hasTwo;
            return new LoadSample(four[0], four[1], four[2], four[3], two[0], two[1]);
        }
    }
}
