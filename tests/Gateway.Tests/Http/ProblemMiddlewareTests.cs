using System.Text.Json;
using Fairway.Gateway.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Gateway.Tests.Http;

[Trait("Engine", "any")]
public sealed class ProblemMiddlewareTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Invoke_SiloDoesNotAnswer_Is503SiloAway(bool isRejected)
    {
        using var body = new MemoryStream();
        await using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        context.Response.Body = body;
        Exception failure = isRejected ? new OrleansException("The silo is gone.") : new TimeoutException();

        await new ProblemMiddleware(_ => Task.FromException(failure), NullLogger<ProblemMiddleware>.Instance).InvokeAsync(context);

        Assert.Equal((503, "1"), (context.Response.StatusCode, context.Response.Headers.RetryAfter.ToString()));
        Assert.Equal("SILO_AWAY", JsonDocument.Parse(body.ToArray()).RootElement.GetProperty("code").GetString());
    }
}
