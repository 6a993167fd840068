using Fairway.Registry.Etcd.Protocol;
using Google.Protobuf;

namespace Fairway.Registry.Memory;

/// <summary>A key as one write left it. <see cref="Stored"/> is never changed once it is here; null for a delete.</summary>
internal readonly record struct KeyVersion(long Revision, KeyValue? Stored);

/// <summary>The versions of one key, oldest first.</summary>
internal sealed class KeyHistory(ByteString key)
{
    private readonly List<KeyVersion> _versions = [];

    public ByteString Key { get; } = key;

    public bool IsEmpty => _versions.Count == 0;

    public KeyValue? Latest => _versions.Count == 0 ? null : _versions[^1].Stored;

    /// <summary>The key as it stood at a revision; null when absent then.</summary>
    public KeyValue? At(long revision)
    {
        for (var i = _versions.Count - 1; i >= 0; i--)
        {
            if (_versions[i].Revision <= revision)
            {
                return _versions[i].Stored;
            }
        }

        return null;
    }

    public void Add(long revision, KeyValue? stored) => _versions.Add(new KeyVersion(revision, stored));

    /// <summary>Drops what no read at or after <paramref name="revision"/> can see.</summary>
    public void Compact(long revision)
    {
        var keep = _versions.FindLastIndex(version => version.Revision <= revision);
        if (keep < 0)
        {
            return;
        }

        _versions.RemoveRange(0, _versions[keep].Stored is null ? keep + 1 : keep);
    }
}
