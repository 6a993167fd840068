using System.Globalization;
using System.Text;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Core.Time;
using Fairway.Testing;

namespace Fairway.Core.Tests.Directory;

/// <summary>
/// Runs a scenario of <see cref="DirectoryReducer"/> written as text: a block is one event, a line <c>----</c>,
/// then the effects it must have; blank lines part the blocks and <c>#</c> begins a comment.
/// <code>
/// list rev=N [cluster=C] [+Ns]      then one fact a line: the whole registry, unchanged facts keep their revision
/// change rev=N [+Ns]                then lines `put FACT` and `del FACT`
/// lost | tick | progress rev=N      each with an optional +Ns before which the clock moves
/// </code>
/// </summary>
internal sealed class RegistryScript
{
    private readonly DirectoryReducer _reducer = new();
    private readonly ManualClock _clock = new();
    private readonly Dictionary<FactKey, (string Text, long Revision)> _registry = [];
    private readonly DateTimeOffset _start;
    private string _cluster = "1";

    public RegistryScript() => _start = _clock.GetUtcNow();

    public DirectoryState State { get; private set; } = DirectoryState.Initial;

    public static IEnumerable<(string Input, string Expected)> Blocks(string text)
    {
        var blocks = text.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        foreach (var block in blocks)
        {
            var lines = string.Join('\n', block.Split('\n').Where(line => !line.StartsWith('#'))).Trim('\n');
            if (lines.Length > 0)
            {
                var parts = lines.Split("----", 2);
                yield return (parts[0].Trim('\n'), parts[1].Trim('\n'));
            }
        }
    }

    /// <summary>Applies one block's event; returns its effects, one a line.</summary>
    public string Run(string input)
    {
        var lines = input.Split('\n');
        var words = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (var word in words.Where(word => word.StartsWith('+')))
        {
            _clock.Advance(TimeSpan.FromSeconds(double.Parse(word[1..^1], CultureInfo.InvariantCulture)));
        }

        var before = State;
        (State, var effects) = _reducer.Apply(State, Read(words, lines[1..]));
        var output = new StringBuilder();
        if (State.IsReady && !before.IsReady)
        {
            output.AppendLine("ready");
        }

        foreach (var effect in effects)
        {
            output.AppendLine(Print(effect));
        }

        if (State.HeldCount != before.HeldCount)
        {
            output.AppendLine($"held {State.HeldCount}");
        }

        return output.Length == 0 ? "(nothing)" : output.ToString().Trim();
    }

    private DirectoryEvent Read(string[] words, string[] lines)
    {
        var now = Moment.Now(_clock);
        var revision = words.Where(word => word.StartsWith("rev=")).Select(word => long.Parse(word[4..])).FirstOrDefault();
        switch (words[0])
        {
            case "list":
                var cluster = words.FirstOrDefault(word => word.StartsWith("cluster="))?[8..] ?? _cluster;
                if (cluster != _cluster)
                {
                    _registry.Clear();
                    _cluster = cluster;
                }

                return new Listed(revision, ulong.Parse(cluster), [.. lines.Select(line => Stored(line, revision))], now);
            case "change":
                return new Changed(revision, [.. lines.Select(line => line.StartsWith("del ")
                    ? FactChange.Delete(Fact(line[4..]).Key, revision)
                    : FactChange.Put(Written(line[4..], revision)))], now);
            case "progress":
                return new Changed(revision, [], now);
            case "lost":
                return new Lost(now);
            case "tick":
                return new Tick(now);
            default:
                throw new FormatException(words[0]);
        }
    }

    private RegistryFact Stored(string line, long revision)
    {
        var fact = Fact(line);
        if (!_registry.TryGetValue(fact.Key, out var known) || known.Text != line || revision < known.Revision)
        {
            _registry[fact.Key] = known = (line, revision);
        }

        return fact with { ModRevision = known.Revision };
    }

    private RegistryFact Written(string line, long revision)
    {
        var fact = Fact(line);
        _registry[fact.Key] = (line, revision);
        return fact with { ModRevision = revision };
    }

    private RegistryFact Fact(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var path = words[1].Split('/');
        var ttl = words.Where(word => word.StartsWith("ttl=")).Select(word => (int?)int.Parse(word[4..])).FirstOrDefault();
        var made = words.Where(word => word.StartsWith("made=")).Select(word => int.Parse(word[5..])).FirstOrDefault();
        var expires = ttl is { } seconds ? _start.AddSeconds(made + seconds) : (DateTimeOffset?)null;
        return words[0] switch
        {
            "instance" => new InstanceFact(new InstanceRecord { Service = path[0], Id = path[1], Address = path[1] + ":80" }),
            "status" => new StatusFact(path[0], path[1], path[2], new StatusBatch([.. words[2..].Select(Status)])),
            "lane" => new LaneFact(new LaneRecord(path[0], "op", _start.AddSeconds(made), ttl)),
            "declare" => new DeclarationFact(path[0], new LaneDeclaration(path[1], "operator", "park")),
            "policy" => new PolicyFact(path[0], new ServicePolicy { Mode = words.ElementAtOrDefault(2) ?? ServicePolicy.Scored, ExpiresAt = expires }),
            "grey" => new GreyFact(path[0], new GreyRule { Target = words.ElementAtOrDefault(2) ?? "" }),
            "offline" => new OfflineFact(new OfflineMark(path[0], "op", "test", expires)),
            "limit" => new LimitFact(path[0], new LimitRule(10, 10, "open")),
            "gateway" => new MemberFact(FactKind.Gateway, new Member(path[0], path[0] + ":80", "1")),
            "exporter" => new MemberFact(FactKind.Exporter, new Member(path[0], path[0] + ":80", "1")),
            "edge" => new MemberFact(FactKind.Edge, new Member(path[0], path[0] + ":80", "1")),
            _ => throw new FormatException(line),
        };
    }

    private static InstanceStatus Status(string word)
    {
        var parts = word.Split('=');
        return new InstanceStatus { Id = parts[0], Life = Enum.Parse<Life>(parts[1], ignoreCase: true) };
    }

    private string Print(DirectoryEffect effect) => effect switch
    {
        EpochChanged => "epoch",
        StaleChanged { Since: { } since } => $"stale since {(since - _start).TotalSeconds}s",
        StaleChanged => "current",
        LaneEnded ended => $"ended {ended.Lane}",
        TablesChanged changed => Print(changed.Tables),
        StatusArrived status => $"status {status.Service} {status.Exporter}/{status.Chunk} "
            + string.Join(' ', status.Batch.Items.Select(item => $"{item.Id}={item.Life}".ToLowerInvariant())),
        StatusDropped dropped => $"dropped {dropped.Service} {dropped.Exporter}/{dropped.Chunk}",
        ServiceChanged changed => string.Join(' ', (string[])
        [
            "service", changed.Service, .. changed.Removed.Select(id => "-" + id), .. changed.Upserted.Select(record => "+" + record.Id),
            .. changed.PolicyChanged ? (string[])["policy=" + (changed.Policy?.Mode ?? "none")] : [],
        ]),
        _ => effect.ToString(),
    };

    private static string Print(DirectoryTables tables)
    {
        var output = new StringBuilder("tables");
        void Add(string name, IEnumerable<string> entries)
        {
            var list = string.Join(',', entries);
            output.Append(list.Length == 0 ? "" : $" {name}={list}");
        }

        Add("lanes", tables.Lanes.Keys);
        Add("declared", tables.Declarations.SelectMany(lane => lane.Value.Select(declaration => $"{lane.Key}/{declaration.Service}")));
        Add("grey", tables.Grey.Select(rule => $"{rule.Key}>{rule.Value.Target}"));
        Add("offline", tables.Offline.Keys);
        Add("limits", tables.Limits.Keys);
        Add("gateways", tables.Gateways.Select(member => member.Id));
        Add("exporters", tables.Exporters.Select(member => member.Id));
        Add("edges", tables.Edges.Select(member => member.Id));
        return output.ToString();
    }
}
