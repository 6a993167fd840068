using Google.Protobuf;

namespace Fairway.Registry.Memory;

/// <summary>All keys in byte order with their histories. An insert moves the tail of an array: cheap for the 100,000 keys this is made for.</summary>
internal sealed class KeyIndex
{
    private readonly List<KeyHistory> _keys = [];

    public KeyHistory? Find(ByteString key) =>
        Position(key) is >= 0 and var index ? _keys[index] : null;

    public KeyHistory GetOrAdd(ByteString key)
    {
        var index = Position(key);
        if (index < 0)
        {
            index = ~index;
            _keys.Insert(index, new KeyHistory(key));
        }

        return _keys[index];
    }

    public IEnumerable<KeyHistory> In(KeyRange range)
    {
        if (range.IsSingle)
        {
            if (Find(range.Start) is { } single)
            {
                yield return single;
            }

            yield break;
        }

        var index = Position(range.Start);
        for (var i = index < 0 ? ~index : index; i < _keys.Count && range.IsBeforeEnd(_keys[i].Key); i++)
        {
            yield return _keys[i];
        }
    }

    public void RemoveEmpty() => _keys.RemoveAll(static key => key.IsEmpty);

    private int Position(ByteString key)
    {
        var low = 0;
        var high = _keys.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = KeyRange.Compare(_keys[middle].Key, key);
            if (order == 0)
            {
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }
}
