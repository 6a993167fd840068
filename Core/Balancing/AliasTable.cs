namespace Fairway.Core.Balancing;

/// <summary>
/// Draws an index in proportion to weights in O(1) and without allocating (A. J. Walker's alias method as M. D. Vose builds it, "A
/// linear algorithm for generating random numbers with a given distribution", 1991). Built in O(n) once a list.
/// The order of operations is part of the contract with other languages: docs/balancing.md has it step by step.
/// </summary>
public sealed class AliasTable
{
    private readonly double[] _keep;
    private readonly int[] _alias;

    /// <param name="weights">Each finite and over 0.</param>
    public AliasTable(ReadOnlySpan<double> weights)
    {
        var count = weights.Length;
        _keep = new double[count];
        _alias = new int[count];
        var sum = 0.0;
        foreach (var weight in weights)
        {
            sum += weight;
        }

        Span<int> small = count <= 256 ? stackalloc int[count] : new int[count];
        Span<int> large = count <= 256 ? stackalloc int[count] : new int[count];
        var (smalls, larges) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            _alias[i] = i;
            _keep[i] = weights[i] * count / sum;
            if (_keep[i] < 1)
            {
                small[smalls++] = i;
            }
            else
            {
                large[larges++] = i;
            }
        }

        while (smalls > 0 && larges > 0)
        {
            var poor = small[--smalls];
            var rich = large[--larges];
            _alias[poor] = rich;
            _keep[rich] -= 1 - _keep[poor];
            if (_keep[rich] < 1)
            {
                small[smalls++] = rich;
            }
            else
            {
                large[larges++] = rich;
            }
        }

        // What is left should be 1 and is off by rounding alone.
        while (larges > 0)
        {
            _keep[large[--larges]] = 1;
        }

        while (smalls > 0)
        {
            _keep[small[--smalls]] = 1;
        }
    }

    public int Count => _keep.Length;

    /// <summary>The index that one draw falls on: its whole part, times the count, names a column, the rest decides within it.</summary>
    public int Pick(double draw)
    {
        var place = draw * _keep.Length;
        var column = Math.Min((int)place, _keep.Length - 1);
        return place - column < _keep[column] ? column : _alias[column];
    }
}
