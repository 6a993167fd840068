#pragma warning disable OPENAI001 // its parts for responses are marked as not final
using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using Fairway.Testing;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Responses;

namespace Fairway.Gateway.Tests.Relay;

/// <summary>The OpenAI library for .NET as it is, with nothing changed but where it calls.</summary>
[Collection(RelayCollection.Name)]
[Trait("Engine", "any")]
public sealed class OpenAiClientTests(RelayFixture fixture)
{
    private static readonly ChatMessage[] Question = [new UserChatMessage("What is a fairway?")];

    private readonly OpenAIClient _client = new(
        new ApiKeyCredential(fixture.NewUser().Token), new OpenAIClientOptions { Endpoint = new Uri(fixture.BaseUrl), RetryPolicy = new ClientRetryPolicy(0) });

    [Fact]
    public async Task Chat_Streamed_IsTheWholeAnswer()
    {
        var text = new StringBuilder();
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in _client.GetChatClient("demo").CompleteChatStreamingAsync(Question))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            finish = update.FinishReason ?? finish;
            usage = update.Usage ?? usage;
        }

        ChatCompletion whole = await _client.GetChatClient("demo").CompleteChatAsync(Question);
        Assert.Equal(whole.Content[0].Text, text.ToString());
        Assert.Equal((ChatFinishReason.Stop, ChatFinishReason.Stop), (finish, whole.FinishReason));
        Assert.True(usage!.OutputTokenCount > 0);
        Assert.Equal(usage.TotalTokenCount, whole.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task Chat_ToolCall_ComesWholeAndInPieces()
    {
        var options = new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("tide_at", "The tide at a port.", BinaryData.FromString("""{"type":"object"}""")) } };

        ChatCompletion whole = await _client.GetChatClient("tool").CompleteChatAsync(Question, options);
        var arguments = new StringBuilder();
        string? name = null;
        await foreach (var update in _client.GetChatClient("tool").CompleteChatStreamingAsync(Question, options))
        {
            foreach (var part in update.ToolCallUpdates)
            {
                name ??= part.FunctionName;
                arguments.Append(part.FunctionArgumentsUpdate?.ToString());
            }
        }

        var call = Assert.Single(whole.ToolCalls);
        Assert.Equal(ChatFinishReason.ToolCalls, whole.FinishReason);
        Assert.Equal(("tide_at", """{"port":"Hamburg"}"""), (call.FunctionName, call.FunctionArguments.ToString()));
        Assert.Equal((call.FunctionName, call.FunctionArguments.ToString()), (name, arguments.ToString()));
    }

    [Theory]
    [InlineData("busy", 429)]
    [InlineData("broken", 502)]
    [InlineData("unheard-of", 404)]
    public async Task Chat_Refused_HasItsStatus(string model, int status)
    {
        var whole = await Assert.ThrowsAsync<ClientResultException>(() => _client.GetChatClient(model).CompleteChatAsync(Question));
        var streamed = await Assert.ThrowsAsync<ClientResultException>(async () =>
        {
            await foreach (var _ in _client.GetChatClient(model).CompleteChatStreamingAsync(Question))
            {
                // nothing comes
            }
        });

        Assert.Equal((status, status), (whole.Status, streamed.Status));
    }

    [Fact]
    public async Task Chat_Cancelled_ClosesTheModelsConnection()
    {
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in _client.GetChatClient("slow").CompleteChatStreamingAsync(Question, cancellationToken: cancel.Token))
            {
                await cancel.CancelAsync();
            }
        });

        await Eventually.True(() => fixture.Slow.Calls.Active == 0);
    }

    [Fact]
    public async Task Models_AreListed()
    {
        var models = await _client.GetOpenAIModelClient().GetModelsAsync();
        Assert.Contains("demo", models.Value.Select(model => model.Id));
        Assert.Equal("demo", (await _client.GetOpenAIModelClient().GetModelAsync("demo")).Value.Id);
    }

    [Fact]
    public async Task Response_WholeAndStreamed_AreAlike()
    {
        var responses = _client.GetResponsesClient();
        ResponseResult whole = await responses.CreateResponseAsync("demo", "What is a fairway?");
        var text = new StringBuilder();
        ResponseResult? last = null;
        await foreach (var update in await responses.CreateResponseStreamingAsync(new CreateResponseOptions("demo", [ResponseItem.CreateUserMessageItem("What is a fairway?")]) { StreamingEnabled = true }))
        {
            text.Append((update as StreamingResponseOutputTextDeltaUpdate)?.Delta);
            last = (update as StreamingResponseCompletedUpdate)?.Response ?? last;
        }

        Assert.Equal(ResponseStatus.Completed, whole.Status);
        Assert.Equal(whole.GetOutputText(), text.ToString());
        Assert.Equal(whole.GetOutputText(), last!.GetOutputText());
        Assert.True(whole.Usage.OutputTokenCount > 0);
    }

    [Fact]
    public async Task Response_InTheBackground_IsPolledResumedCancelledAndDeleted()
    {
        var responses = _client.GetResponsesClient();
        ResponseResult running = await responses.CreateResponseAsync(Background("slow"));
        await Eventually.True(() => fixture.Slow.Calls.Active == 1);
        ResponseResult cancelled = await responses.CancelResponseAsync(running.Id);
        Assert.Equal(ResponseStatus.Cancelled, cancelled.Status);
        Assert.True((await responses.DeleteResponseAsync(running.Id)).Value.Deleted);

        ResponseResult made = await responses.CreateResponseAsync(Background("demo"));
        await Eventually.TrueAsync(async () => (await responses.GetResponseAsync(made.Id)).Value.Status == ResponseStatus.Completed);
        var numbers = new List<int>();
        await foreach (var update in await responses.GetResponseStreamingAsync(new GetResponseOptions(made.Id) { StartingAfter = 10, StreamingEnabled = true }))
        {
            numbers.Add(update.SequenceNumber);
        }

        Assert.Equal(Enumerable.Range(11, numbers.Count), numbers);
        Assert.NotEmpty(numbers);
    }

    [Fact]
    public async Task Response_ToolCall_IsAnItem()
    {
        var options = new CreateResponseOptions("tool", [ResponseItem.CreateUserMessageItem("When?")])
        {
            Tools = { ResponseTool.CreateFunctionTool("tide_at", BinaryData.FromString("""{"type":"object"}"""), strictModeEnabled: false) },
        };

        ResponseResult whole = await _client.GetResponsesClient().CreateResponseAsync(options);

        var call = Assert.IsType<FunctionCallResponseItem>(Assert.Single(whole.OutputItems));
        Assert.Equal(("tide_at", """{"port":"Hamburg"}"""), (call.FunctionName, call.FunctionArguments.ToString()));
    }

    private static CreateResponseOptions Background(string model) => new(model, [ResponseItem.CreateUserMessageItem("What is a fairway?")]) { BackgroundModeEnabled = true };
}
