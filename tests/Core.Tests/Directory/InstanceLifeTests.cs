using Fairway.Core.Directory;

namespace Fairway.Core.Tests.Directory;

/// <summary>Only a down mark of an exporter, loss of the registration, or an operator take an instance out.</summary>
public class InstanceLifeTests
{
    private readonly ServiceBench _bench = new();

    [Fact]
    public void ApplyStatus_Down_TakesOutAtOnce()
    {
        _bench.Register("a", "b");
        _bench.Say("ex", ServiceBench.Down("a"), ServiceBench.Up("b"));
        Assert.Equal("a=Down b=Ready", _bench.States());
        Assert.Equal(0, _bench.View("a").Weight);
    }

    [Fact]
    public void ApplyStatus_NextBatchLacksTheDown_Clears()
    {
        _bench.Register("a", "b");
        _bench.Say("ex", ServiceBench.Down("a"), ServiceBench.Down("b"));
        _bench.Say("ex", ServiceBench.Down("b"));
        Assert.Equal("a=Ready b=Down", _bench.States());
    }

    [Fact]
    public void ApplyStatus_OtherChunkLacksTheDown_DoesNotClear()
    {
        _bench.Register("a");
        _bench.SayIn("ex", "0", ServiceBench.Down("a"));
        _bench.SayIn("ex", "1");
        _bench.SayIn("other", "0");
        Assert.Equal("a=Down", _bench.States());
    }

    [Fact]
    public void ApplyStatus_MovedToAnotherChunk_StaysDown()
    {
        _bench.Register("a");
        _bench.SayIn("ex", "0", ServiceBench.Down("a"));
        _bench.SayIn("ex", "1", ServiceBench.Down("a"));
        _bench.SayIn("ex", "0");
        Assert.Equal("a=Down", _bench.States());
    }

    [Fact]
    public void ApplyStatus_TwoExportersDisagree_DownWins()
    {
        _bench.Register("a");
        _bench.Say("ex1", ServiceBench.Down("a"));
        _bench.Say("ex2", ServiceBench.Up("a"));
        Assert.Equal("a=Down", _bench.States());
    }

    [Fact]
    public void DropStatus_Down_StandsUntilAnotherSpeaks()
    {
        _bench.Register("a", "b");
        _bench.Say("ex1", ServiceBench.Down("a"), ServiceBench.Down("b"));
        _bench.Model.DropStatus("ex1", "0");
        Assert.Equal("a=Down b=Down", _bench.States());

        _bench.Say("ex2", ServiceBench.Up("a"));
        Assert.Equal("a=Ready b=Down", _bench.States());

        _bench.Say("ex2", ServiceBench.Up("b"));
        Assert.Equal("a=Ready b=Ready", _bench.States());
    }

    [Fact]
    public void ApplyStatus_Yielded_StandsUntilTheSuccessorFoundItAlive()
    {
        _bench.Register("a", "b");
        _bench.Say("ex1", ServiceBench.Down("a"));
        _bench.Say("ex1", ServiceBench.Yielded("a"));
        _bench.Say("ex2", ServiceBench.Up("b"));
        Assert.Equal("a=Down b=Ready", _bench.States());

        _bench.Say("ex2", ServiceBench.Up("a"));
        Assert.Equal("a=Ready b=Ready", _bench.States());
    }

    [Fact]
    public void ApplyStatus_YieldedToOneThatFindsItDown_StaysDownWhateverTheFirstSays()
    {
        _bench.Register("a");
        _bench.Say("ex1", ServiceBench.Down("a"));
        _bench.Say("ex2", ServiceBench.Down("a"));
        _bench.Say("ex1", ServiceBench.Yielded("a"));
        _bench.Say("ex1");
        Assert.Equal("a=Down", _bench.States());

        _bench.Say("ex2", ServiceBench.Up("a"));
        Assert.Equal("a=Ready", _bench.States());
    }

    [Fact]
    public void ApplyStatus_YieldedRepeatedAfterTheSuccessorSpoke_DoesNotTakeItOutAgain()
    {
        _bench.Register("a", "b");
        _bench.Say("ex1", ServiceBench.Down("a"));
        _bench.Say("ex1", ServiceBench.Yielded("a"));
        _bench.Say("ex2", ServiceBench.Up("a"));
        _bench.Say("ex1", ServiceBench.Yielded("a"), ServiceBench.Up("b"));
        Assert.Equal("a=Ready b=Ready", _bench.States());
    }

    [Fact]
    public void ApplyStatus_SuccessorSpokeBeforeTheYield_IsHeard()
    {
        _bench.Register("a");
        _bench.Say("ex1", ServiceBench.Down("a"));
        _bench.Say("ex2", ServiceBench.Up("a"));
        Assert.Equal("a=Down", _bench.States());

        _bench.Say("ex1", ServiceBench.Yielded("a"));
        Assert.Equal("a=Ready", _bench.States());
    }

    [Fact]
    public void ApplyStatus_YieldedAndNeverTakenUp_EndsWithTheMark()
    {
        _bench.Register("a");
        _bench.Say("ex1", ServiceBench.Down("a"));
        _bench.Say("ex1", ServiceBench.Yielded("a"));
        _bench.Say("ex1");
        Assert.Equal("a=Ready", _bench.States());
    }

    [Fact]
    public void ApplyStatus_YieldedSeenByALateReader_IsDown()
    {
        _bench.Register("a");
        _bench.Say("ex1", ServiceBench.Yielded("a"));
        Assert.Equal("a=Down", _bench.States());
    }

    [Fact]
    public void DropStatus_AnotherFoundItAliveSince_Clears()
    {
        _bench.Register("a");
        _bench.Say("ex1", ServiceBench.Down("a"));
        _bench.Say("ex2", ServiceBench.Up("a"));
        _bench.Model.DropStatus("ex1", "0");
        Assert.Equal("a=Ready", _bench.States());
    }

    [Fact]
    public void DropStatus_TakenOverAsDown_FollowsTheNewExporter()
    {
        _bench.Register("a");
        _bench.Say("ex1", ServiceBench.Down("a"));
        _bench.Model.DropStatus("ex1", "0");
        _bench.Say("ex2", ServiceBench.Down("a"));
        _bench.Say("ex2");
        Assert.Equal("a=Ready", _bench.States());
    }

    [Fact]
    public void DropStatus_SameExporterReturns_ItsNextBatchDecides()
    {
        _bench.Register("a");
        _bench.Say("ex1", ServiceBench.Down("a"));
        _bench.Model.DropStatus("ex1", "0");
        _bench.Say("ex1");
        Assert.Equal("a=Ready", _bench.States());
    }

    [Fact]
    public void DropStatus_Up_StandsMarkedStaleUntilTakenOver()
    {
        _bench.Register("a");
        _bench.Report("a", ServiceBench.Load(20));
        Assert.False(_bench.View("a").IsStale);

        _bench.Model.DropStatus("ex", "a");
        Assert.Equal((InstanceState.Ready, true), (_bench.View("a").State, _bench.View("a").IsStale));

        _bench.Say("ex2", new InstanceStatus { Id = "a", Life = Life.Up, Sample = ServiceBench.Load(20) });
        Assert.False(_bench.View("a").IsStale);
    }

    [Fact]
    public void DropStatus_NeverSeen_IsNothing()
    {
        _bench.Register("a");
        _bench.Model.DropStatus("ghost", "0");
        Assert.Equal("a=Unknown", _bench.States());
    }

    [Fact]
    public void ApplyStatus_SampleWithoutLife_IsProbedAndStaysUp()
    {
        _bench.Register("a");
        _bench.Say("ex", new InstanceStatus { Id = "a", Sample = ServiceBench.Load(20) });
        Assert.Equal("a=Ready", _bench.States());
    }

    [Fact]
    public void ApplyStatus_BeforeRegistration_MarksOnArrival()
    {
        _bench.Say("ex", ServiceBench.Down("a"));
        Assert.Empty(_bench.Snapshot().Instances);

        _bench.Register("a");
        Assert.Equal("a=Down", _bench.States());
    }

    [Fact]
    public void RemoveInstance_WasDown_BeginsAnew()
    {
        _bench.Register("a");
        _bench.Say("ex", ServiceBench.Down("a"));
        _bench.Model.RemoveInstance("a");
        _bench.Register("a");
        Assert.Equal("a=Unknown", _bench.States());
    }

    [Fact]
    public void ApplyStatus_HttpServingFalse_StaysUntilServingTrue()
    {
        var record = ServiceBench.Record("a") with { Probe = Probes.None };
        _bench.Register(record);
        Assert.Equal("a=Ready", _bench.States());

        _bench.SayIn(StatusBatch.HttpExporter, "a", ServiceBench.Down("a"));
        Assert.Equal("a=Down", _bench.States());

        _bench.SayIn(StatusBatch.HttpExporter, "a", new InstanceStatus { Id = "a", Sample = ServiceBench.Load(20) });
        _bench.Register(record);
        Assert.Equal("a=Down", _bench.States());

        _bench.SayIn(StatusBatch.HttpExporter, "a", ServiceBench.Up("a"));
        Assert.Equal("a=Ready", _bench.States());
    }

    [Fact]
    public void ApplyStatus_RandomExporters_AgreeWithTheNaiveLedger()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            var bench = new ServiceBench();
            string[] ids = ["a", "b", "c"];
            bench.Register(ids);
            var naive = new Dictionary<(string Exporter, string Id), Word>();
            for (var step = 0; step < 30; step++)
            {
                var exporter = "ex" + random.Next(3);
                if (random.Next(4) == 0)
                {
                    bench.Model.DropStatus(exporter, "0");
                    foreach (var (key, word) in naive.Where(entry => entry.Key.Exporter == exporter).ToList())
                    {
                        naive.Remove(key);
                        if (!word.Answered)
                        {
                            naive[key] = word with { Live = false };
                        }
                    }

                    continue;
                }

                var said = ids.Where(_ => random.Next(2) == 0).ToDictionary(id => id, _ => (Life)random.Next(1, 4));
                bench.Say(exporter, [.. said.Select(entry => new InstanceStatus { Id = entry.Key, Life = entry.Value })]);
                foreach (var id in ids)
                {
                    naive.Remove((exporter, id), out var before); // what this batch does not say is no longer said by this exporter
                    if (!said.TryGetValue(id, out var life))
                    {
                        continue;
                    }

                    if (life is not Life.Yielded)
                    {
                        foreach (var (key, word) in naive.Where(entry => entry.Key.Id == id).ToList())
                        {
                            naive.Remove(key);
                            if (word.Live)
                            {
                                naive[key] = word with { Answered = true };
                            }
                        }
                    }

                    if (life is not Life.Up)
                    {
                        var fresh = before is null || (before.Life is Life.Yielded && life is Life.Down);
                        naive[(exporter, id)] = new Word(life, Live: true, Answered: !fresh && before!.Answered);
                    }
                }

                foreach (var id in ids)
                {
                    var down = naive.Any(entry => entry.Key.Id == id && !(entry.Value is { Life: Life.Yielded, Answered: true }));
                    Assert.True(down == (bench.View(id).State is InstanceState.Down), $"seed {seed} step {step} {id}");
                }
            }
        }
    }

    /// <summary>What one exporter last said against one instance.</summary>
    private sealed record Word(Life Life, bool Live, bool Answered);
}
