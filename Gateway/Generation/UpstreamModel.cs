using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using Fairway.Core.Streams;
using Fairway.Core.Time;
using Fairway.Sdk.Lanes;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Generation;

/// <summary>Calls OpenAI-compatible models.</summary>
internal sealed class UpstreamModel : IDisposable
{
    private const int MaxRetries = 2;
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private readonly ModelsOptions _models;
    private readonly GenerationMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly SharedTimers _idle;
    private readonly ILogger<UpstreamModel> _logger;
    private readonly HttpClient _http;

    /// <param name="egress">Lets the label of a job go to the model where its host is ours.</param>
    public UpstreamModel(IOptions<ModelsOptions> models, LaneEgress egress, GenerationMetrics metrics, TimeProvider time, ILogger<UpstreamModel> logger)
    {
        (_models, _metrics, _time, _logger) = (models.Value, metrics, time, logger);
        _idle = new SharedTimers(time);
        _http = new HttpClient(egress.CreateHandler(new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false, // or the key would go wherever the answer points
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ResponseDrainTimeout = TimeSpan.Zero, // who does not want the rest closes the socket
            MaxResponseDrainSize = 0,
        })) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Has a chat request answered. Each chunk goes to <paramref name="onDelta"/> as it came; returns the terminal.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the socket is closed.</exception>
    public async Task<Frame> AnswerAsync(ReadOnlyMemory<byte> request, Action<Frame> onDelta, CancellationToken cancellationToken)
    {
        if (_models.Find(UpstreamRequest.ModelOf(request)) is not var (name, model))
        {
            return UpstreamErrors.UnknownModel;
        }

        var body = UpstreamRequest.Body(request, model.Model.Length > 0 ? model.Model : name);
        for (var retries = 0; ; retries++)
        {
            _metrics.ModelCalled(name);
            var (terminal, retryAfter) = await CallAsync(name, model, body, onDelta, cancellationToken);
            if (terminal is { } end)
            {
                return end;
            }

            if (retries == MaxRetries || !(retryAfter <= LongestRetryAfter))
            {
                return UpstreamErrors.TooManyRequests(retryAfter);
            }

            await Task.Delay(retryAfter.Value, _time, cancellationToken);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _idle.Dispose();
    }

    /// <summary>One call. Without a terminal, the model asked to come again; when, if it said so.</summary>
    private async Task<(Frame? Terminal, TimeSpan? RetryAfter)> CallAsync(
        string name, ModelOptions model, byte[] body, Action<Frame> onDelta, CancellationToken cancellationToken)
    {
        using var watch = new IdleWatch(TimeSpan.FromSeconds(model.IdleTimeoutSeconds), _idle, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, model.ChatCompletions())
            {
                Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            };
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
            if (model.ApiKey.Length > 0)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", model.ApiKey);
            }

            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, watch.Token);
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                return (null, RetryAfter(response));
            }

            if (!response.IsSuccessStatusCode)
            {
                _logger.ModelRefused(name, (int)response.StatusCode);
                return (UpstreamErrors.Refused((int)response.StatusCode), null);
            }

            return (await ReadAsync(response, watch, onDelta), null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (UpstreamErrors.TimedOut, null); // silence, or no connection in time
        }
        catch (HttpRequestException failure)
        {
            _logger.ModelUnreachable(name, failure.HttpRequestError);
            return (UpstreamErrors.Unreachable, null);
        }
    }

    private static async Task<Frame> ReadAsync(HttpResponseMessage response, IdleWatch watch, Action<Frame> onDelta)
    {
        var hasFinished = false;
        try
        {
            await using var stream = watch.Over(await response.Content.ReadAsStreamAsync(watch.Token));
            var events = SseParser.Create(stream, static (_, data) => data.ToArray());
            await foreach (var item in events.EnumerateAsync(watch.Token))
            {
                switch (UpstreamChunk.KindOf(item.Data))
                {
                    case ChunkKind.Done:
                        return Terminals.Done;
                    case ChunkKind.Error:
                        return UpstreamErrors.InStream;
                    case ChunkKind.Garbage:
                        return UpstreamErrors.Garbage;
                    case ChunkKind.Finish:
                        hasFinished = true;
                        goto default;
                    default:
                        onDelta(new Frame(FrameKind.Delta, item.Data));
                        break;
                }
            }
        }
        catch (IOException)
        {
            // the connection broke off: an end like any other
        }

        return hasFinished ? Terminals.Done : UpstreamErrors.TruncatedAnswer;
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > _time.GetUtcNow() ? date - _time.GetUtcNow() : TimeSpan.Zero,
        _ => null,
    };
}
