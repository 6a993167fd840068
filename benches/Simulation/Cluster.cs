using Fairway.Core.Balancing;

namespace Fairway.Simulation;

/// <summary>One run: clients, machines, a network and a discovery, event by event. Times are ms since its start; a seed gives the same run again.</summary>
internal sealed class Cluster
{
    private const int MaxAttempts = 3;

    private readonly Setup _setup;
    private readonly Chance _arrivals;
    private readonly Chance _antagonists;
    private readonly Client[] _clients;
    private readonly NextHeap _finishing;
    private readonly Fifo<int> _toMachine = new();
    private readonly Fifo<Answer> _toClient = new();
    private readonly Fifo<Probe> _probesOut = new();
    private readonly Fifo<Probe> _probesBack = new();
    private readonly Fifo<(int Job, int Life)> _deadlines = new();
    private readonly PriorityQueue<Action, double> _timers = new();
    private readonly Endpoint[] _targets = new Endpoint[8];
    private readonly Dictionary<string, Machine> _byId = [];
    private Job[] _jobs = new Job[4096];
    private readonly Stack<int> _free = new();
    private int _used;
    private double _rate;
    private Tally? _tally;

    public Cluster(Setup setup, Func<Draws, IBalancer> policy, ulong seed)
    {
        _setup = setup;
        _arrivals = new Chance(seed);
        _antagonists = new Chance(seed + 1_000_003);
        Machines = [.. Enumerable.Range(0, setup.Machines).Select(i => NewMachine(i, 0))];
        _finishing = new NextHeap(setup.Machines);
        _clients = [.. Enumerable.Range(0, setup.Clients).Select(i => new Client(
            new Caller(policy(new Chance(seed + 7_919ul * (ulong)(i + 1))), setup.Caller with { Zone = setup.Zones[i % setup.Zones.Length] })))];
    }

    public Machine[] Machines { get; }

    public Discovery Discovery { get; } = new();

    public double Now { get; private set; }

    /// <summary>When the first step that counts begins.</summary>
    public double FirstStep => _setup.WarmUpMs;

    public double StepMs => _setup.StepMs;

    public static TimeSpan Span(double ms) => TimeSpan.FromTicks((long)(ms * TimeSpan.TicksPerMillisecond));

    /// <summary>Something to happen later.</summary>
    public void At(double when, Action action) => _timers.Enqueue(action, when);

    public void Every(double first, double period, Action action)
    {
        void Tick()
        {
            action();
            At(Now + period, Tick);
        }

        At(first, Tick);
    }

    /// <summary>What happens in a stretch of a step that is not to count.</summary>
    public void LeaveOut(double from, double span)
    {
        Tally? kept = null;
        At(from + 0.01, () => (kept, _tally) = (_tally, null));
        At(from + span, () => _tally = kept);
    }

    /// <summary>A new process in a machine's place, under another name.</summary>
    public Machine Replace(int slot)
    {
        var machine = NewMachine(slot, Now);
        machine.SetCores(Machines[slot].Cores, Now);
        machine.Slowness = Machines[slot].Slowness;
        Machines[slot] = machine;
        _finishing.Set(slot, double.PositiveInfinity);
        Discovery.Register(machine, Now);
        return machine;
    }

    /// <summary>It announces that it leaves, and goes on serving.</summary>
    public void Drain(int slot)
    {
        Machines[slot].IsDraining = true;
        Discovery.Register(Machines[slot], Now);
    }

    /// <summary>The process is gone: what it was doing fails, and connections are refused.</summary>
    public void Kill(int slot)
    {
        var machine = Machines[slot];
        machine.IsDead = true;
        for (var job = 0; job < _used; job++)
        {
            if (_jobs[job].IsLive && _jobs[job].IsHere && _jobs[job].Machine == machine)
            {
                Reply(job, failed: true, refused: true);
            }
        }

        _finishing.Set(slot, double.PositiveInfinity);
    }

    /// <summary>Runs all steps; a tally for each.</summary>
    public Tally[] Run()
    {
        Prepare();
        _rate = _setup.Loads[0] * _setup.RateAtOne;
        var tallies = new Tally[_setup.Loads.Length];
        for (var step = 0; step < tallies.Length; step++)
        {
            var at = _setup.WarmUpMs + (step * _setup.StepMs);
            var index = step;
            At(at, () =>
            {
                _rate = _setup.Loads[index] * _setup.RateAtOne;
                _tally = tallies[index] = new Tally(Machines.Length);
            });
        }

        _setup.Script?.Invoke(this);
        Simulate(_setup.WarmUpMs + (tallies.Length * _setup.StepMs));
        return tallies;
    }

    private Machine NewMachine(int slot, double now)
    {
        var machine = new Machine(slot, now == 0 ? $"m{slot:000}" : $"m{slot:000}-{now:0}", _setup.Zones[slot % _setup.Zones.Length]);
        _byId[machine.Id] = machine;
        return machine;
    }

    private void Prepare()
    {
        foreach (var machine in Machines)
        {
            Discovery.Register(machine, 0);
            Antagonise(machine.Slot);
            Every(_antagonists.Next() * Discovery.ReportMs, Discovery.ReportMs, () =>
            {
                if (!Machines[machine.Slot].IsDead)
                {
                    Discovery.Report(Machines[machine.Slot], _setup.Allocation, Now);
                }
            });
        }

        Discovery.Publish(0);
        Every(Discovery.PublishMs, Discovery.PublishMs, () => Discovery.Publish(Now));
        foreach (var client in _clients)
        {
            Refresh(client);
            Every(_setup.Synchronised ? _setup.RefreshMs : _antagonists.Next() * _setup.RefreshMs, _setup.RefreshMs, () => Refresh(client));
        }

        Every(1_000, 1_000, CountShares);
    }

    private void Antagonise(int slot)
    {
        var spare = _antagonists.Next() < _setup.CrowdedShare
            ? _setup.CrowdedSpare
            : _setup.SpareLeast + _antagonists.Span(_setup.SpareMean);
        Machines[slot].SetCores(_setup.Allocation * (1 + Math.Min(spare, _setup.SpareMost)), Now);
        Schedule(slot);
        At(Now + _antagonists.Span(_setup.AntagonistMs), () => Antagonise(slot));
    }

    private void Refresh(Client client)
    {
        if (client.Version != Discovery.Version)
        {
            client.Version = Discovery.Version;
            client.Caller.Update(Discovery.List, Span(Now));
            foreach (var endpoint in client.Caller.List.Endpoints)
            {
                endpoint.Tag ??= _byId[endpoint.Id];
            }
        }
    }

    /// <summary>Each second: who got how much of it, and whose was most over its share.</summary>
    private void CountShares()
    {
        if (_tally is { } tally)
        {
            var weights = Discovery.List.ToDictionary(view => view.Id, view => view.Weight);
            var sum = weights.Values.Sum();
            var total = Machines.Sum(machine => machine.SecondArrivals);
            foreach (var machine in Machines)
            {
                tally.Arrivals[machine.Slot] += machine.SecondArrivals;
                // One that warms up or is nearly out has too few requests to tell chance from a herd.
                if (weights.TryGetValue(machine.Id, out var weight) && weight >= 0.5)
                {
                    tally.WorstShare = Math.Max(tally.WorstShare, machine.SecondArrivals / (total * weight / sum));
                }
            }
        }

        foreach (var machine in Machines)
        {
            machine.SecondArrivals = 0;
        }
    }

    private void Simulate(double until)
    {
        var arrival = _arrivals.Span(1 / _rate);
        while (true)
        {
            var timer = _timers.TryPeek(out _, out var due) ? due : double.PositiveInfinity;
            var next = Math.Min(
                Math.Min(Math.Min(arrival, _finishing.Due), Math.Min(_toMachine.Due, _toClient.Due)),
                Math.Min(Math.Min(_probesOut.Due, _probesBack.Due), Math.Min(_deadlines.Due, timer)));
            if (next >= until)
            {
                return;
            }

            Now = next;
            if (next == _finishing.Due)
            {
                Finish(_finishing.First);
            }
            else if (next == _toMachine.Due)
            {
                Come(_toMachine.Take());
            }
            else if (next == _toClient.Due)
            {
                Arrive(_toClient.Take());
            }
            else if (next == arrival)
            {
                Ask(_clients[_arrivals.Index(_clients.Length)]);
                arrival = Now + _arrivals.Span(1 / _rate);
            }
            else if (next == _probesOut.Due)
            {
                AnswerProbe(_probesOut.Take());
            }
            else if (next == _probesBack.Due)
            {
                var probe = _probesBack.Take();
                probe.Client.Caller.Report(probe.Endpoint, probe.Report, Span(Now));
            }
            else if (next == _deadlines.Due)
            {
                var (job, life) = _deadlines.Take();
                if (_jobs[job].Life == life && _jobs[job].IsLive)
                {
                    GiveUp(job);
                }
            }
            else
            {
                _timers.Dequeue()();
            }
        }
    }

    private void Ask(Client client)
    {
        var index = _free.TryPop(out var free) ? free : _used++;
        if (index == _jobs.Length)
        {
            Array.Resize(ref _jobs, 2 * index);
        }

        ref var job = ref _jobs[index];
        job.Client = client;
        job.Began = Now;
        job.Work = Math.Max(0, _arrivals.Normal(_setup.WorkMean, _setup.WorkDeviation));
        job.Position = (uint)(_arrivals.Next() * uint.MaxValue);
        job.Attempts = 0;
        job.IsLive = true;
        job.Life++;
        Send(index);
        if (job.IsLive)
        {
            _deadlines.Add(Now + _setup.TimeoutMs, (index, job.Life));
        }
    }

    private void Send(int index)
    {
        ref var job = ref _jobs[index];
        var now = Span(Now);
        var tried = job.Attempts == 0 ? default : new ReadOnlySpan<Endpoint>(job.Tried, 0, job.Attempts);
        var endpoint = job.Client.Caller.Begin(now, job.Position, tried, job.Attempts > 0);
        if (endpoint is null)
        {
            End(index, failed: true);
            return;
        }

        job.Endpoint = endpoint;
        job.Machine = (Machine)endpoint.Tag!;
        job.IsHere = false;
        job.Life++;
        _toMachine.Add(Now + _setup.NetworkMs, index);
        var count = job.Client.Caller.Policy.ChooseProbes(now, _targets);
        if (_tally is { } tally)
        {
            tally.Probes += count;
        }

        for (var i = 0; i < count; i++)
        {
            _probesOut.Add(Now + _setup.NetworkMs, new Probe(job.Client, _targets[i], default));
        }
    }

    private void Come(int index)
    {
        ref var job = ref _jobs[index];
        if (!job.IsLive)
        {
            return;
        }

        var machine = job.Machine;
        if (machine.IsDead)
        {
            Reply(index, failed: true, refused: true);
            return;
        }

        machine.SecondArrivals++;
        job.InFlightAtStart = machine.InFlight;
        machine.Come();
        job.IsHere = true;
        job.Came = Now;
        if (machine.FailureRate > 0 && _arrivals.Next() < machine.FailureRate)
        {
            machine.Failed++;
            machine.Leave();
            Reply(index, failed: true, refused: false);
        }
        else if (machine.Delay > 0)
        {
            var life = job.Life;
            At(Now + machine.Delay, () =>
            {
                if (_jobs[index].Life == life && _jobs[index].IsLive && !machine.IsDead)
                {
                    Start(index);
                }
            });
        }
        else
        {
            Start(index);
        }
    }

    private void Start(int index)
    {
        ref var job = ref _jobs[index];
        job.IsRunning = true;
        job.Machine.Start(((long)job.Life << 32) | (uint)index, job.Work, Now);
        Schedule(job.Machine.Slot);
    }

    private void Finish(int slot)
    {
        var machine = Machines[slot];
        var key = machine.Finish(Now);
        var index = (int)key;
        ref var job = ref _jobs[index];
        // One that was given up is only now taken out of the machine's heap; its place may be another's by then.
        if (job.Life == (int)(key >> 32) && job.IsRunning)
        {
            machine.Ended();
            job.IsRunning = false;
            machine.Measured(job.InFlightAtStart, Now - job.Came);
            Reply(index, failed: false, refused: false);
        }

        Schedule(slot);
    }

    private void Reply(int index, bool failed, bool refused)
    {
        ref var job = ref _jobs[index];
        job.IsRunning = job.IsHere = false;
        job.Life++;
        _toClient.Add(Now + _setup.NetworkMs, new Answer(index, job.Life, failed, refused, job.Machine.InFlight));
    }

    private void Arrive(in Answer answer)
    {
        ref var job = ref _jobs[answer.Job];
        if (job.Life != answer.Life || !job.IsLive)
        {
            return;
        }

        var now = Span(Now);
        var caller = job.Client.Caller;
        var endpoint = job.Endpoint!;
        caller.End(endpoint, new Outcome(Now - job.Began, answer.Failed) { IsUnreachable = answer.Refused }, now);
        if (!answer.Refused)
        {
            caller.Report(endpoint, new LoadReport(answer.InFlight), now);
        }
        else if (job.Attempts + 1 < MaxAttempts && caller.MayRetry(now))
        {
            job.Tried ??= new Endpoint[MaxAttempts];
            job.Tried[job.Attempts++] = endpoint;
            if (_tally is { } tally)
            {
                tally.Retries++;
            }

            Send(answer.Job);
            if (_jobs[answer.Job].IsLive)
            {
                _deadlines.Add(Now + _setup.TimeoutMs, (answer.Job, _jobs[answer.Job].Life));
            }

            return;
        }

        End(answer.Job, answer.Failed);
    }

    private void GiveUp(int index)
    {
        ref var job = ref _jobs[index];
        if (job.IsRunning)
        {
            job.Machine.Cancel(Now);
            Schedule(job.Machine.Slot);
        }
        else if (job.IsHere && !job.Machine.IsDead)
        {
            job.Machine.Leave();
        }

        job.Client.Caller.End(job.Endpoint!, new Outcome(_setup.TimeoutMs, Failed: true), Span(Now));
        End(index, failed: true);
    }

    private void End(int index, bool failed)
    {
        ref var job = ref _jobs[index];
        job.IsLive = false;
        job.IsRunning = false;
        job.Life++;
        _tally?.Add(Now - job.Began, failed);
        _free.Push(index);
    }

    private void AnswerProbe(Probe probe)
    {
        var machine = (Machine)probe.Endpoint.Tag!;
        if (!machine.IsDead)
        {
            _probesBack.Add(Now + _setup.NetworkMs, probe with { Report = new LoadReport(machine.InFlight, machine.EstimatedLatency()) });
        }
    }

    private void Schedule(int slot) => _finishing?.Set(slot, Machines[slot].IsDead ? double.PositiveInfinity : Machines[slot].Due);

    private sealed class Client(Caller caller)
    {
        public Caller Caller { get; } = caller;

        public int Version { get; set; } = -1;
    }

    private struct Job
    {
        public Client Client;
        public Endpoint? Endpoint;
        public Endpoint[]? Tried;
        public Machine Machine;
        public double Began;
        public double Came;
        public double Work;
        public uint Position;
        public int Attempts;
        public int InFlightAtStart;

        // Changes whenever what was planned for it no longer holds.
        public int Life;
        public bool IsLive;
        public bool IsHere;
        public bool IsRunning;
    }

    private readonly record struct Answer(int Job, int Life, bool Failed, bool Refused, int InFlight);

    private readonly record struct Probe(Client Client, Endpoint Endpoint, LoadReport Report);
}
