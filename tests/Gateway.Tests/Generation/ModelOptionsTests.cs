using Fairway.Gateway.Generation;

namespace Fairway.Gateway.Tests.Generation;

public sealed class ModelOptionsTests
{
    [Theory]
    [InlineData("http://model:8000", "http://model:8000/v1/chat/completions")]
    [InlineData("http://model:8000/", "http://model:8000/v1/chat/completions")]
    [InlineData("http://model:8000/v1", "http://model:8000/v1/chat/completions")]
    [InlineData("https://model/openai/v1/", "https://model/openai/v1/chat/completions")]
    public void ChatCompletions_Base_HostAloneMeansV1(string baseUrl, string expected) =>
        Assert.Equal(expected, new ModelOptions { BaseUrl = baseUrl }.ChatCompletions().ToString());
}
