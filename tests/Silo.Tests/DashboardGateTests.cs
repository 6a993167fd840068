using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fairway.Silo.Dashboard;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fairway.Silo.Tests;

/// <summary>Who is let to what stands at <c>/dashboard</c>; a page of this test stands in for the engine's.</summary>
public sealed class DashboardGateTests
{
    private const string Key = "key: with a colon";

    [Theory]
    [InlineData(null, null, 401)]
    [InlineData(Key, null, 200)]
    [InlineData("other", null, 401)]
    [InlineData("", null, 401)]
    [InlineData("other", Key, 401)]
    [InlineData(null, Key, 200)]
    [InlineData(null, "other", 401)]
    [InlineData(null, "", 401)]
    public async Task Get_ByKeyOrPassword_IsAdmitted(string? header, string? password, int status)
    {
        await using var app = await StartAsync(new AdminKey(Key));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{app.Urls.Single()}/dashboard/");
        if (header is not null)
        {
            request.Headers.Add("x-admin-key", header);
        }

        if (password is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"any:{password}")));
        }

        using var http = new HttpClient();
        using var response = await http.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
        if (status == 401)
        {
            Assert.Equal("Basic", response.Headers.WwwAuthenticate.Single().Scheme);
            Assert.Contains("\"KEY_REQUIRED\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Basic %%%")]
    [InlineData("Basic bm9jb2xvbg==")]
    [InlineData("Bearer a2V5")]
    [InlineData("Basic  ")]
    public async Task Get_MalformedAuthorization_IsRefused(string authorization)
    {
        await using var app = await StartAsync(new AdminKey(Key));
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{app.Urls.Single()}/dashboard/");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        using var response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Is_NoKeyConfigured_AdmitsNobody(string? configured)
    {
        Assert.False(new AdminKey(configured).Is(""));
        Assert.False(new AdminKey(configured).Is("x"));
    }

    private static async Task<WebApplication> StartAsync(AdminKey key)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        DashboardEndpoints.Guard(app.MapGet("/dashboard/", () => Results.Text("the page")), key.Is);
        await app.StartAsync();
        return app;
    }
}
