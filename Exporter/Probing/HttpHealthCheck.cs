namespace Fairway.Exporter.Probing;

/// <summary>GET; a status of 200 to 399 is alive. Redirects are not followed.</summary>
/// <param name="client">Shared by all checks; has no timeout and no redirects of its own.</param>
public sealed class HttpHealthCheck(HttpMessageInvoker client, Uri address, TimeSpan deadline, TimeProvider time) : IHealthCheck
{
    public async Task<CheckResult> CheckAsync(CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        try
        {
            using var response = await client.SendAsync(request, either.Token);
            return (int)response.StatusCode is >= 200 and < 400
                ? CheckResult.Alive
                : new CheckResult(CheckOutcome.Failed, $"HTTP status {(int)response.StatusCode}");
        }
        catch (OperationCanceledException e)
        {
            ct.ThrowIfCancellationRequested();
            return Failures.Of(e, "no answer in time");
        }
        catch (HttpRequestException e)
        {
            ct.ThrowIfCancellationRequested();
            return Failures.Of(e, e.Message);
        }
    }

    /// <summary>Nothing to do: a request that ran out of time took its connection with it.</summary>
    public void Reconnect()
    {
    }

    public void Dispose()
    {
    }
}
