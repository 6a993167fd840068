using System.Globalization;
using System.Text;
using Fairway.Registry.Schema;
using Google.Protobuf;

namespace Fairway.Registry.Membership;

/// <summary>
/// The membership table of one actor cluster, under <c>cluster/{clusterId}/</c>: <c>version</c>, and for each silo
/// <c>silos/{silo}</c> and <c>alive/{silo}</c>. A change of a row and the rise of the version are one transaction. A silo says that it lives
/// under a key of its own, so that doing so touches neither the version nor the row's tag. Thread-safe.
/// Every call throws <see cref="RegistryException"/> when the registry is away.
/// </summary>
/// <param name="clusterId">A name as in <see cref="Core.Directory.Names"/>.</param>
public sealed class EtcdMembershipStore(IRegistry registry, string clusterId)
{
    /// <summary>The tag of a table without a version: its key was never written.</summary>
    public const string NewTableTag = "0";

    private const int Attempts = 3;

    private readonly string _prefix = RegistryKeys.ClusterOf(clusterId);
    private readonly string _versionKey = RegistryKeys.Cluster(clusterId, "version");

    /// <summary>All rows and the version, at one revision. Rows that cannot be read are left out.</summary>
    public async Task<MembershipTable> ReadAllAsync(CancellationToken cancellationToken = default)
    {
        var listing = await registry.ListAsync(_prefix, cancellationToken);
        var version = 0;
        var versionTag = NewTableTag;
        var rows = new List<TaggedRow>();
        var alive = new Dictionary<string, DateTime>(StringComparer.Ordinal);
        foreach (var entry in listing.Entries)
        {
            if (entry.Key == _versionKey)
            {
                version = int.TryParse(entry.Value.ToStringUtf8(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
                versionTag = Tag(entry.ModRevision);
            }
            else if (entry.Key.StartsWith(AlivePrefix, StringComparison.Ordinal))
            {
                if (TryReadTime(entry.Value, out var time))
                {
                    alive[entry.Key[AlivePrefix.Length..]] = time;
                }
            }
            else if (entry.Key.StartsWith(SiloPrefix, StringComparison.Ordinal) && MembershipCodec.TryDecode(entry.Value.Span, out var row, out _))
            {
                rows.Add(new TaggedRow(row, Tag(entry.ModRevision)));
            }
        }

        return new MembershipTable(version, versionTag, [.. rows.Select(tagged => tagged with { Row = WithAlive(tagged.Row, alive) })]);
    }

    /// <summary>One row, or none, with the version at the same revision.</summary>
    public async Task<MembershipTable> ReadRowAsync(string silo, CancellationToken cancellationToken = default)
    {
        // A table has a few dozen rows: one listing is the only read that gives row and version of one revision.
        var table = await ReadAllAsync(cancellationToken);
        return table with { Rows = [.. table.Rows.Where(tagged => tagged.Row.Silo == silo)] };
    }

    /// <summary>Adds a row. False when it is there already or the table changed since <paramref name="versionTag"/> was read; then nothing was written.</summary>
    public Task<bool> InsertAsync(MembershipRow row, int newVersion, string versionTag, CancellationToken cancellationToken = default) =>
        WriteAsync(row, NewTableTag, newVersion, versionTag, cancellationToken);

    /// <summary>Replaces a row. False when row or table changed since their tags were read, or the row is not there; then nothing was written.</summary>
    public Task<bool> UpdateAsync(
        MembershipRow row, string rowTag, int newVersion, string versionTag, CancellationToken cancellationToken = default) =>
        rowTag == NewTableTag ? Task.FromResult(false) : WriteAsync(row, rowTag, newVersion, versionTag, cancellationToken);

    /// <summary>A silo lives. Version and tags stay; a silo that has no row leaves nothing behind.</summary>
    public Task SayAliveAsync(string silo, DateTime at, CancellationToken cancellationToken = default) => registry.TxnAsync(
        new RegistryTxn([new RegistryCompare.Exists(SiloKey(silo))], [new RegistryOp.Put(AliveKey(silo), TimeBytes(at))], []), cancellationToken);

    /// <summary>Removes the rows whose state is not <paramref name="keptStatus"/> and that were last alive before <paramref name="before"/>. The version stays.</summary>
    /// <returns>How many went.</returns>
    public async Task<int> CleanUpAsync(DateTime before, string keptStatus, CancellationToken cancellationToken = default)
    {
        var removed = 0;
        foreach (var (row, tag) in (await ReadAllAsync(cancellationToken)).Rows)
        {
            var last = row.AliveTime > row.StartTime ? row.AliveTime : row.StartTime;
            if (row.Status == keptStatus || last >= MembershipCodec.Utc(before))
            {
                continue;
            }

            // Its own key is read again: a silo that has just said it lives keeps its row.
            var alive = await registry.GetAsync(AliveKey(row.Silo), cancellationToken);
            if (alive is { } entry && TryReadTime(entry.Value, out var time) && time >= MembershipCodec.Utc(before))
            {
                continue;
            }

            var result = await registry.TxnAsync(
                new RegistryTxn(
                    [
                        new RegistryCompare.ModRevisionIs(SiloKey(row.Silo), Revision(tag)),
                        new RegistryCompare.ModRevisionIs(AliveKey(row.Silo), alive?.ModRevision ?? 0),
                    ],
                    [new RegistryOp.Delete(SiloKey(row.Silo)), new RegistryOp.Delete(AliveKey(row.Silo))],
                    []),
                cancellationToken);
            removed += result.Succeeded ? 1 : 0;
        }

        return removed;
    }

    /// <summary>Removes the whole table.</summary>
    public Task DeleteAsync(CancellationToken cancellationToken = default) => registry.DeleteAsync(_prefix, prefix: true, cancellationToken);

    private string SiloPrefix => _prefix + "silos/";

    private string AlivePrefix => _prefix + "alive/";

    private static string Tag(long revision) => revision.ToString(CultureInfo.InvariantCulture);

    /// <summary>-1, which no key ever has, for a tag that this store did not give out.</summary>
    private static long Revision(string tag) => long.TryParse(tag, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : -1;

    private static byte[] TimeBytes(DateTime time) => Encoding.ASCII.GetBytes(MembershipCodec.Utc(time).ToString("O", CultureInfo.InvariantCulture));

    private static bool TryReadTime(ByteString value, out DateTime time) =>
        DateTime.TryParse(value.ToStringUtf8(), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out time);

    private static MembershipRow WithAlive(MembershipRow row, Dictionary<string, DateTime> alive) =>
        alive.TryGetValue(row.Silo, out var time) && time > row.AliveTime ? row with { AliveTime = time } : row;

    private string SiloKey(string silo) => SiloPrefix + silo;

    private string AliveKey(string silo) => AlivePrefix + silo;

    /// <summary>
    /// A transaction that got no answer may have been done. It is sent again under the same guards, and one that then fails
    /// is told from a lost race by the id in the row.
    /// </summary>
    private async Task<bool> WriteAsync(MembershipRow row, string rowTag, int newVersion, string versionTag, CancellationToken cancellationToken)
    {
        var (rowRevision, versionRevision) = (Revision(rowTag), Revision(versionTag));
        if (rowRevision < 0 || versionRevision < 0)
        {
            return false;
        }

        var writeId = Guid.NewGuid().ToString("N");
        var txn = new RegistryTxn(
            [new RegistryCompare.ModRevisionIs(_versionKey, versionRevision), new RegistryCompare.ModRevisionIs(SiloKey(row.Silo), rowRevision)],
            [
                new RegistryOp.Put(_versionKey, Encoding.ASCII.GetBytes(newVersion.ToString(CultureInfo.InvariantCulture))),
                new RegistryOp.Put(SiloKey(row.Silo), MembershipCodec.Encode(row, writeId)),
            ],
            []);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (await registry.TxnAsync(txn, cancellationToken)).Succeeded
                    || (attempt > 1 && await IsWrittenAsync(row.Silo, writeId, cancellationToken));
            }
            catch (RegistryException away) when (away.Error == RegistryError.Away && attempt < Attempts)
            {
                // sent again
            }
        }
    }

    private async Task<bool> IsWrittenAsync(string silo, string writeId, CancellationToken cancellationToken) =>
        await registry.GetAsync(SiloKey(silo), cancellationToken) is { } entry
        && MembershipCodec.TryDecode(entry.Value.Span, out _, out var found)
        && found == writeId;
}
