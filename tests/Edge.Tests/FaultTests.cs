using System.Collections.Concurrent;
using System.Net;
using Fairway.Testing;

namespace Fairway.Edge.Tests;

/// <summary>The faults of the field, on real nginx. Counts and spans are small here and whole with --soak.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private static readonly bool Soak = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is { Length: > 0 };

    private ScriptedGateway _gateway = null!;
    private Service[] _services = null!;

    public async Task InitializeAsync()
    {
        _gateway = await ScriptedGateway.StartAsync();
        _services = await Service.StartAsync("one", "two", "three");
        Put();
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }
    }

    [Fact]
    public async Task Gateway_DownUnderChurn_RequestsGoOnByTheLastList()
    {
        // A minute with --soak; else three seconds, and everything that is measured in seconds runs as much faster.
        var span = TimeSpan.FromSeconds(Soak ? 60 : 3);
        await using var edge = await StartAsync(("Edge__EjectSeconds", Soak ? "5" : "0.25"), ("Edge__FallbackSeconds", "0.5"), ("Edge__HalfLifeSeconds", "1"));
        await _gateway.StopAsync();

        var answers = new ConcurrentBag<Reply>();
        using var churn = new CancellationTokenSource(span, TimeProvider.System);
        var churning = Task.Run(async () =>
        {
            for (var turn = 0; !churn.IsCancellationRequested; turn++)
            {
                var service = _services[turn % _services.Length];
                await service.StopAsync();
                await Task.Delay(span / 30, TimeProvider.System);
                await service.StartAsync();
                await Task.Delay(span / 60, TimeProvider.System);
            }
        });
        while (!churn.IsCancellationRequested)
        {
            answers.Add(await edge.GetAsync("/orders/"));
        }

        await churning;
        // An instance that stops breaks off what it has at that moment; a GET is tried elsewhere.
        Assert.All(answers, reply => Assert.Equal(HttpStatusCode.OK, reply.Status));
        Assert.Contains(answers, reply => reply.Headers.ContainsKey("x-fairway-fallback"));
        Assert.True(await edge.MetricAsync("fairway_edge_fallback") == 1);

        Put();
        await _gateway.StartAsync();
        await Soon.TrueAsync(async () => !(await edge.GetAsync("/orders/")).Headers.ContainsKey("x-fairway-fallback"));
        Assert.Equal(0, await edge.MetricAsync("fairway_edge_fallback"));
    }

    [Fact]
    public async Task Fallback_WithAge_WeightsBecomeNeutral()
    {
        _gateway.Put("orders", Listing.Of(_services[0].Line(weight: 4), _services[1].Line(weight: 0.1)));
        await using var edge = await StartAsync(("Edge__FallbackSeconds", "0"), ("Edge__HalfLifeSeconds", "0.1"), ("Edge__Workers", "1"));
        await _gateway.StopAsync();
        await Soon.TrueAsync(async () => (await edge.GetAsync("/orders/")).Headers.TryGetValue("x-fairway-fallback", out var age) && age != "age=0");

        var ids = new ConcurrentBag<string?>();
        await Soon.Passes(async () =>
        {
            ids.Clear();
            for (var i = 0; i < 60; i++)
            {
                ids.Add((await edge.GetAsync("/orders/")).Id);
            }

            Assert.InRange(ids.Count(id => id == "two"), 12, 48); // by weight it would get one of 40
        });
    }

    [Fact]
    public async Task Worker_Killed_RequestsGoOnAndFiguresAreRightAgain()
    {
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var service in _services)
        {
            service.Does = async context =>
            {
                if (context.Request.Path == "/held")
                {
                    await hold.Task;
                }

                await Service.EchoAsync(context, service.Id);
            };
        }

        await using var edge = await StartAsync();
        var held = Enumerable.Range(0, 10).Select(_ => Quietly(edge.GetAsync("/orders/held"))).ToArray();
        await Soon.True(() => _services.Sum(service => service.Requests) >= 10);
        foreach (var pid in edge.WorkerPids)
        {
            Signals.Send(pid, Signals.Kill);
        }

        await Soon.TrueAsync(async () => await Quietly(edge.GetAsync("/orders/")) is { Status: HttpStatusCode.OK });
        hold.SetResult();
        await Task.WhenAll(held);

        await Soon.TrueAsync(async () => await edge.MetricAsync("fairway_edge_workers_lost_total") >= 1);
        await Soon.TrueAsync(async () => await InFlightAsync(edge) == 0);

        // Whoever kept the list fresh is replaced too.
        _gateway.Put("late", Listing.Of(_services[0].Line()));
        await Soon.TrueAsync(async () => (await edge.GetAsync("/late/")).Id == "one");
    }

    [Fact]
    public async Task Reload_UnderLoad_LosesNoRequest()
    {
        const int Loads = 4;
        const int Reloads = 2;
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var service in _services)
        {
            service.Does = async context =>
            {
                if (context.Request.Path == "/held")
                {
                    await hold.Task;
                }

                await Service.EchoAsync(context, service.Id);
            };
        }

        await using var edge = await StartAsync();
        var held = Enumerable.Range(0, 200).Select(_ => edge.GetAsync("/orders/held")).ToArray();
        await Soon.True(() => _services.Sum(service => service.Requests) >= 200);
        var before = edge.WorkerPids;
        var replies = new ConcurrentBag<HttpStatusCode>();
        var resets = 0;
        using var end = new CancellationTokenSource();
        var load = Enumerable.Range(0, Loads).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                try
                {
                    replies.Add((await edge.GetAsync("/orders/")).Status);
                }
                catch (HttpRequestException e) when (e.InnerException is IOException)
                {
                    // An old worker closes its idle connections at once; whoever sends on one in that instant sends again (RFC 9112, 9.3.1).
                    Interlocked.Increment(ref resets);
                }
            }
        })).ToArray();

        for (var reload = 0; reload < Reloads; reload++)
        {
            var old = edge.WorkerPids;
            edge.Reload();
            await Soon.True(() => edge.WorkerPids.Except(old).Count() >= 2);
        }

        hold.SetResult();
        var answered = await Task.WhenAll(held);
        await end.CancelAsync();
        await Task.WhenAll(load);

        Assert.All(answered, reply => Assert.Equal(HttpStatusCode.OK, reply.Status));
        Assert.All(replies, status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.InRange(resets, 0, Loads * Reloads);
        await Soon.True(() => !edge.WorkerPids.Intersect(before).Any());
        await Soon.TrueAsync(async () => await InFlightAsync(edge) == 0);
    }

    [Fact]
    public async Task Drain_WithLongRequests_EndsWithTheLastOne()
    {
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var service in _services)
        {
            service.Does = async context =>
            {
                await hold.Task;
                await Service.EchoAsync(context, service.Id);
            };
        }

        await using var edge = await StartAsync();
        var held = Enumerable.Range(0, 200).Select(_ => edge.GetAsync("/orders/held")).ToArray();
        await Soon.True(() => _services.Sum(service => service.Requests) >= 200);
        edge.Drain();
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        Assert.False(edge.Process.HasExited);

        hold.SetResult();

        Assert.All(await Task.WhenAll(held), reply => Assert.Equal(HttpStatusCode.OK, reply.Status));
        Assert.Equal(0, await edge.Process.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.True(File.Exists(edge.SnapshotFile));
    }

    [Theory]
    [InlineData("GET /orders/ HTTP/1.1\r\nHost: x\r\nx-infr-flowtype: blue\r\n x: 1\r\n\r\n")]
    [InlineData("GET /orders/ HTTP/1.1\r\nHost: x\r\nx-lane-sig: a\rb\r\n\r\n")]
    [InlineData("GET /orders/\r\nx: y HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /orders/ HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")]
    [InlineData("GET /orders/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")]
    [InlineData("POST /orders/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/lanes HTTP/1.1\r\n\r\n")]
    [InlineData("GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\u0000\u0001\u0002\r\n\r\n")]
    public async Task Request_Hostile_IsRefusedAndTheEdgeGoesOn(string request)
    {
        await using var edge = await StartAsync(("Edge__Workers", "1"));
        using (var raw = new RawRequest(edge.Port))
        {
            // Half-closed, so that one that waits for more ends too.
            var answer = raw.SendAsync(request);
            await Task.WhenAny(answer, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System));
            raw.Dispose();
            try
            {
                Assert.DoesNotMatch("^HTTP/1.1 2", await answer);
            }
            catch (Exception closed) when (closed is ObjectDisposedException or IOException)
            {
                // It was waiting for more.
            }
        }

        Assert.Equal(HttpStatusCode.OK, (await edge.GetAsync("/orders/")).Status);
        Assert.All(_services, service => Assert.InRange(service.Requests, 0, 1));
    }

    [Fact]
    public async Task Headers_Of64KiB_AreRefusedWithACode()
    {
        await using var edge = await StartAsync();
        using var raw = new RawRequest(edge.Port);
        var reply = await raw.SendAsync($"GET /orders/ HTTP/1.1\r\nHost: x\r\nx-big: {new string('x', 65536)}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 431 ", reply, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"HEADERS_TOO_LARGE\"", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_InTheHundreds_StripAndCountAllTheSame()
    {
        await using var edge = await StartAsync();
        var filler = string.Concat(Enumerable.Range(0, 300).Select(i => $"x-{i}: {i}\r\n"));
        using var raw = new RawRequest(edge.Port);
        var reply = await raw.SendAsync($"GET /orders/ HTTP/1.1\r\nHost: x\r\n{filler}x-infr-flowtype:\r\nX-INFR-Flowtype: blue\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", reply, StringComparison.Ordinal);
        Assert.DoesNotContain("x-infr-flowtype\":", reply, StringComparison.Ordinal);
        await Soon.TrueAsync(async () => await edge.MetricAsync("fairway_lane_spoof_total") == 1);
    }

    [Fact]
    public async Task Snapshot_OfTenThousandInstances_IsServedFrom()
    {
        var lines = Enumerable.Range(0, 10_000).Select(i =>
        {
            var line = _services[i % 3].Line();
            line["id"] = $"i-{i}";
            return line;
        });
        _gateway.Put("orders", Listing.Of([.. lines]));
        await using var edge = await StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await edge.GetAsync("/orders/")).Status);
        _gateway.Put("other", Listing.Of(_services[0].Line()));
        await Soon.TrueAsync(async () => (await edge.GetAsync("/other/")).Id == "one");
    }

    private async Task<EdgeServer> StartAsync(params (string Name, string Value)[] options)
    {
        var edge = await EdgeServer.StartAsync(_gateway.Endpoint, options);
        await edge.ReadyAsync();
        return edge;
    }

    private void Put() => _gateway.Put("orders", Listing.Of([.. _services.Select(service => service.Line())]));

    private static async Task<int> InFlightAsync(EdgeServer edge) =>
        (await edge.StatusAsync()).GetProperty("services").GetProperty("orders").GetProperty("instances").EnumerateArray()
            .Sum(instance => instance.GetProperty("inFlight").GetInt32());

    private static async Task<Reply?> Quietly(Task<Reply> sent)
    {
        try
        {
            return await sent;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }
}
