namespace Fairway.Core.Scoring;

/// <summary>The k-th smallest of numbers without sorting them all (C. A. R. Hoare, Algorithm 65: FIND, 1961).</summary>
internal static class Selection
{
    /// <summary>The figure that would stand at <paramref name="rank"/>, from 0, were they sorted; reorders them. O(n), and never worse than a sort.</summary>
    public static double Smallest(Span<double> figures, int rank)
    {
        var low = 0;
        var high = figures.Length - 1;
        for (var patience = 2 * int.Log2(figures.Length) + 8; low < high; patience--)
        {
            if (patience == 0)
            {
                figures[low..(high + 1)].Sort();
                break;
            }

            var (i, j) = Partition(figures, low, high, figures[rank]);
            if (j < rank)
            {
                low = i;
            }

            if (rank < i)
            {
                high = j;
            }
        }

        return figures[rank];
    }

    /// <summary>Brings what is below the pivot before what is above it; the first index right of the lower part's end, and that end.</summary>
    private static (int I, int J) Partition(Span<double> figures, int low, int high, double pivot)
    {
        var (i, j) = (low, high);
        do
        {
            while (figures[i] < pivot)
            {
                i++;
            }

            while (pivot < figures[j])
            {
                j--;
            }

            if (i <= j)
            {
                (figures[i], figures[j]) = (figures[j], figures[i]);
                i++;
                j--;
            }
        }
        while (i <= j);
        return (i, j);
    }
}
