using System.Diagnostics;
using System.Globalization;
using System.Net;
using Fairway.Gateway.Auth.Users;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>Follows an answer from a position on, over a connection that breaks after so many bytes of the body.</summary>
internal interface ICutReader
{
    /// <returns>What came of the body.</returns>
    Task<byte[]> ReadAsync(string version, string? lastId, int cutAfter);
}

/// <summary>As an EventSource: the cookie says who asks, the position is in <c>Last-Event-ID</c>, and only 200 is taken.</summary>
internal sealed class EventSourceReader(StreamHost host, StreamUser user) : ICutReader
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseCookies = false });

    public async Task<byte[]> ReadAsync(string version, string? lastId, int cutAfter)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Gateway.Client.BaseAddress!, $"/v1/streams/{version}/events"));
        request.Headers.Add("Cookie", $"{Users.Cookie}={user.Token}");
        request.Headers.Add("Accept", "text/event-stream");
        if (lastId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastId);
        }

        using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return await CutBody.ReadAsync(response, cutAfter);
    }
}

/// <summary>As a page that uses fetch: the token in a header, the position in the address.</summary>
internal sealed class FetchReader(StreamUser user) : ICutReader
{
    public async Task<byte[]> ReadAsync(string version, string? lastId, int cutAfter)
    {
        using var connection = await user.FollowAsync(
            $"{version}/events{(lastId is null ? "" : $"?after={Uri.EscapeDataString(lastId)}")}", method: HttpMethod.Post);
        return await CutBody.ReadAsync(connection.Response, cutAfter);
    }
}

/// <summary>The real curl, whose reader goes away.</summary>
internal sealed class CurlReader(StreamHost host, StreamUser user) : ICutReader
{
    public async Task<byte[]> ReadAsync(string version, string? lastId, int cutAfter)
    {
        var address = new Uri(host.Gateway.Client.BaseAddress!, $"/v1/streams/{version}/events");
        using var process = Process.Start(new ProcessStartInfo(
            "sh", ["-c", "curl -sfN -H \"$1\" -H \"$2\" \"$3\" | head -c \"$4\"", "sh",
                $"Authorization: Bearer {user.Token}", $"Last-Event-ID: {lastId}", address.ToString(), cutAfter.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        })!;
        using var body = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(body);
        await process.WaitForExitAsync();
        return body.ToArray();
    }
}

internal static class CutBody
{
    public static async Task<byte[]> ReadAsync(HttpResponseMessage response, int cutAfter)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await using var body = await response.Content.ReadAsStreamAsync();
        var bytes = new MemoryStream();
        var buffer = new byte[1024];
        while (bytes.Length < cutAfter
            && await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(cutAfter - bytes.Length, buffer.Length))) is > 0 and var read)
        {
            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }
}
