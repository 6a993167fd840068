namespace Fairway.Registry;

/// <summary>A guard of a transaction on one key.</summary>
public abstract record RegistryCompare(string Key)
{
    /// <summary>The key's last write was at <paramref name="Revision"/>; 0 means the key is absent.</summary>
    public sealed record ModRevisionIs(string Key, long Revision) : RegistryCompare(Key);

    /// <summary>The key is there.</summary>
    public sealed record Exists(string Key) : RegistryCompare(Key);
}

/// <summary>A write of a transaction.</summary>
public abstract record RegistryOp(string Key)
{
    public sealed record Put(string Key, ReadOnlyMemory<byte> Value, long Lease = 0) : RegistryOp(Key);

    public sealed record Delete(string Key, bool Prefix = false) : RegistryOp(Key);
}

/// <summary>All of <paramref name="Then"/> if every guard holds, else all of <paramref name="Else"/>.</summary>
public sealed record RegistryTxn(
    IReadOnlyList<RegistryCompare> Guards, IReadOnlyList<RegistryOp> Then, IReadOnlyList<RegistryOp> Else);

/// <summary>Which branch ran, and the revision it left.</summary>
public sealed record TxnResult(bool Succeeded, long Revision);
