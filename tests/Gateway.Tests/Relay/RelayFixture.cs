using Fairway.Gateway.Tests.Generation;
using Fairway.Gateway.Tests.Streams;
using Fairway.Model;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Relay;

/// <summary>A Gateway before models of many kinds: each name behaves in one way, so that a client need say nothing but its name.</summary>
public sealed class RelayFixture : IAsyncLifetime
{
    private readonly TempFolder _data = new();
    private readonly List<ModelHost> _models = [];
    private int _users;

    /// <summary>Behind <c>demo</c>, with knobs in the request, and behind <c>raw</c>, as a test says.</summary>
    internal ModelServer Model { get; private set; } = null!;

    /// <summary>Behind <c>slow</c>.</summary>
    internal ModelHost Slow { get; private set; } = null!;

    public GatewayHost Gateway { get; private set; } = null!;

    public string BaseUrl => $"{Gateway.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)}/v1";

    public async Task InitializeAsync()
    {
        Model = await ModelServer.StartAsync();
        Slow = await AddAsync(new Knobs { FirstTokenMs = 0, TokensPerSecond = 25, Tokens = 5000 });
        var args = new List<string>
        {
            "--jwt-secret", StreamHost.Secret, "--data", _data["data"], "--Streams:MaxBodyBytes=300000",
            $"--Models:demo:BaseUrl={Model.Url}/v1", $"--Models:raw:BaseUrl={Model.Url}/raw", "--Models:away:BaseUrl=http://127.0.0.1:9",
            $"--Models:slow:BaseUrl={Slow.BaseUrl}",
        };
        foreach (var (name, knobs) in new Dictionary<string, Knobs>
        {
            ["tool"] = new() { FirstTokenMs = 0, TokensPerSecond = 0, ToolCall = true },
            ["busy"] = new() { Failure = Failure.Status429, RetryAfterSeconds = 40 },
            ["broken"] = new() { Failure = Failure.Status500 },
            ["torn"] = new() { FirstTokenMs = 0, TokensPerSecond = 0, Failure = Failure.ErrorInStream, After = 3 },
        })
        {
            args.Add($"--Models:{name}:BaseUrl={(await AddAsync(knobs)).BaseUrl}");
        }

        Gateway = await GatewayHost.StartAsync([.. args]);
    }

    /// <summary>A user that no other test has.</summary>
    public StreamUser NewUser() => StreamUser.Of(Gateway.Client, $"relay-{Interlocked.Increment(ref _users)}");

    public async Task DisposeAsync()
    {
        await Gateway.DisposeAsync();
        foreach (var model in _models)
        {
            await model.DisposeAsync();
        }

        await Model.DisposeAsync();
        _data.Dispose();
    }

    private async Task<ModelHost> AddAsync(Knobs knobs)
    {
        var model = await ModelHost.StartAsync(knobs);
        _models.Add(model);
        return model;
    }
}

/// <summary>Tests of the relay share one Gateway and what its models do, so they run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class RelayCollection : ICollectionFixture<RelayFixture>
{
    public const string Name = "relay";
}
