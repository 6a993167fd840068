using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Tests.Brokers;

[Trait("Engine", "any")]
public sealed class BrokerOptionsTests
{
    [Theory]
    [InlineData("Jobs:RabbitMq:Uri", "http://127.0.0.1")]
    [InlineData("Jobs:RabbitMq:Uri", "amqp://ok:5672,nonsense")]
    [InlineData("Jobs:RabbitMq:DeliveryLimit", "0")]
    [InlineData("Jobs:RabbitMq:ConfirmSeconds", "0")]
    [InlineData("Jobs:RabbitMq:HeartbeatSeconds", "1000")]
    [InlineData("Jobs:RabbitMq:Queue", "")]
    [InlineData("History:Postgres:ConnectionString", "Username=me")]
    [InlineData("History:Postgres:ConnectionString", "nonsense")]
    [InlineData("History:Postgres:Schema", "Fairway; DROP")]
    [InlineData("History:Postgres:MaxConnections", "1")]
    [InlineData("History:Postgres:CommandSeconds", "0")]
    [InlineData("History:Postgres:BatchSize", "0")]
    [InlineData("History:RetentionDays", "-1")]
    [InlineData("History:Postgres:CleanSeconds", "0")]
    public async Task Start_ASettingThatCannotWork_IsRefusedByName(string key, string value)
    {
        var section = key[..key.LastIndexOf(':')];
        string[] rest = section.StartsWith("Jobs", StringComparison.Ordinal)
            ? ["--Jobs:RabbitMq:Uri=amqp://guest:secret-word@127.0.0.1:9"]
            : ["--History:Postgres:ConnectionString=Host=127.0.0.1;Port=9;Password=secret-word"];

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayHost.StartAsync([.. rest, $"--{key}={value}"]));

        Assert.Contains(key, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", refusal.Message, StringComparison.Ordinal);
    }
}
