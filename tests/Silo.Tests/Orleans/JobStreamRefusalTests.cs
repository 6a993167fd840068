using Fairway.Testing;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>Settings of jobs over streams that cannot go together.</summary>
public sealed class JobStreamRefusalTests
{
    private const string Postgres = "--History:Postgres:ConnectionString=Host=127.0.0.1;Port=9;Password=secret-word";

    [Theory]
    [InlineData("JOBS_NO_DATABASE", "--Jobs:OrleansStreams:Provider=memory")]
    [InlineData("JOBS_TWO_QUEUES", "--Jobs:OrleansStreams:Provider=memory", "--Jobs:RabbitMq:Uri=amqp://guest:guest@127.0.0.1:9/", Postgres)]
    [InlineData("ENGINE_NO_STREAM_PROVIDER", "--Jobs:OrleansStreams:Provider=other", Postgres)]
    public async Task Start_CannotBe_SaysSoAndEndsWith2(string code, params string[] settings)
    {
        await using var process = RealProcess.Start(new RealProcessStart(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "Fairway.Gateway.dll"), "--port", "0", .. settings]));

        Assert.Equal(2, await process.WaitForExitAsync(Cluster.Patience));
        Assert.Contains($"{code}: ", process.Output, StringComparison.Ordinal);
        Assert.Contains("Jobs:OrleansStreams:Provider", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", process.Output, StringComparison.Ordinal);
    }
}
