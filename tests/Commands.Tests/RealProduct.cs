namespace Fairway.Commands.Tests;

/// <summary><c>./run --real</c>, with the edge, RabbitMQ and PostgreSQL, once for all tests that need it.</summary>
public sealed class RealProduct : IAsyncLifetime
{
    public const string Secret = "a secret that only tests know, and long enough";

    public RunningProduct Product { get; } = new() { More = ["--real", "--jwt-secret", Secret] };

    public Uri Edge { get; private set; } = null!;

    /// <summary>The address of the registry.</summary>
    public string Etcd { get; private set; } = "";

    /// <summary>The address of RabbitMQ.</summary>
    public string Broker { get; private set; } = "";

    public async Task InitializeAsync()
    {
        await Product.InitializeAsync();
        Edge = new Uri(await SaidAsync("EDGE "));
        Etcd = await SaidAsync("ETCD ");
        Broker = $"amqp://guest:guest@{await SaidAsync("RABBITMQ ")}/";
    }

    public Task DisposeAsync() => Product.DisposeAsync();

    private async Task<string> SaidAsync(string word) =>
        (await Product.Process.WaitForLineAsync(line => line.StartsWith(word, StringComparison.Ordinal)))[word.Length..].Trim();
}

[CollectionDefinition(Name)]
public sealed class RealCollection : ICollectionFixture<RealProduct>
{
    public const string Name = "./run --real";
}
