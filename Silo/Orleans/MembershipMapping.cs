using Fairway.Registry.Membership;

namespace Fairway.Silo.Orleans;

/// <summary>Between the table's rows and Orleans's entries.</summary>
internal static class MembershipMapping
{
    public static MembershipTableData ToData(this MembershipTable table)
    {
        var version = new TableVersion(table.Version, table.VersionTag);
        return new MembershipTableData([.. table.Rows.Select(tagged => Tuple.Create(tagged.Row.ToEntry(), tagged.Tag))], version);
    }

    public static MembershipEntry ToEntry(this MembershipRow row) => new()
    {
        SiloAddress = SiloAddress.FromParsableString(row.Silo),
        Status = Enum.TryParse<SiloStatus>(row.Status, out var status) ? status : SiloStatus.None,
        ProxyPort = row.ProxyPort,
        HostName = row.HostName ?? "",
        SiloName = row.SiloName ?? "",
        RoleName = row.RoleName,
        UpdateZone = row.UpdateZone,
        FaultZone = row.FaultZone,
        StartTime = row.StartTime,
        IAmAliveTime = row.AliveTime,
        SuspectTimes = [.. row.Suspicions.Select(one => Tuple.Create(SiloAddress.FromParsableString(one.Silo), one.At))],
    };

    public static MembershipRow ToRow(this MembershipEntry entry) => new()
    {
        Silo = entry.SiloAddress.ToParsableString(),
        Status = entry.Status.ToString(),
        ProxyPort = entry.ProxyPort,
        HostName = entry.HostName,
        SiloName = entry.SiloName,
        RoleName = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = entry.StartTime,
        AliveTime = entry.IAmAliveTime,
        Suspicions = entry.SuspectTimes is null ? [] : [.. entry.SuspectTimes.Select(one => new Suspicion(one.Item1.ToParsableString(), one.Item2))],
    };
}
