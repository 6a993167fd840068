using System.Text;
using Fairway.Gateway.Generation;

namespace Fairway.Gateway.Tests.Generation;

public sealed class UpstreamChunkTests
{
    [Theory]
    [InlineData("[DONE]", "Done")]
    [InlineData("  [DONE] ", "Done")]
    [InlineData("""{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}""", "Delta")]
    [InlineData("""{"choices":[{"delta":{},"finish_reason":"stop"}]}""", "Finish")]
    [InlineData("""{"choices":[{"finish_reason":null},{"index":1,"finish_reason":"length"}],"usage":null}""", "Finish")]
    [InlineData("""{"choices":[{"delta":{"finish_reason":"stop"}}]}""", "Delta")]
    [InlineData("""{"choices":[["finish_reason","stop"]]}""", "Delta")]
    [InlineData("""{"choices":{"finish_reason":"stop"}}""", "Delta")]
    [InlineData("""{"choices":[{"finish_reason":{"a":"b"}},"x",3]}""", "Delta")]
    [InlineData("""{"finish_reason":"stop"}""", "Delta")]
    [InlineData("""{"choices":[],"usage":{"total_tokens":3}}""", "Delta")]
    [InlineData("{}", "Delta")]
    [InlineData("""{"error":{"message":"no"}}""", "Error")]
    [InlineData("""{"error":"no","choices":[{"finish_reason":"stop"}]}""", "Error")]
    [InlineData("""{"error":null}""", "Delta")]
    [InlineData("""{"delta":{"error":{"message":"no"}}}""", "Delta")]
    [InlineData("""[{"error":1}]""", "Garbage")]
    [InlineData("3", "Garbage")]
    [InlineData("", "Garbage")]
    [InlineData("""{"choices":[{"finish_reason":"stop"}]""", "Garbage")]
    [InlineData("""{"a":1} {"b":2}""", "Garbage")]
    public void KindOf_EachShape_IsWhatItIs(string data, string kind) =>
        Assert.Equal(kind, UpstreamChunk.KindOf(Encoding.UTF8.GetBytes(data)).ToString());
}
