using System.Net;
using Fairway.Gateway.Auth;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Tests.Auth;

[Trait("Engine", "any")]
public sealed class KeysTests
{
    [Theory]
    [InlineData("127.0.0.1", null, null, "Read")]
    [InlineData("::1", null, null, "Read")]
    [InlineData("::ffff:127.0.0.1", null, null, "Read")]
    [InlineData("10.0.0.9", null, null, "")]
    [InlineData("10.0.0.9", "x-registrar-key", "r", "Read Registrar")]
    [InlineData("10.0.0.9", "x-admin-key", "a", "Read Registrar Admin")]
    [InlineData("127.0.0.1", "x-admin-key", "r", "Read")]
    [InlineData("127.0.0.1", "x-registrar-key", "a", "Read")]
    [InlineData("127.0.0.1", "x-admin-key", "", "Read")]
    public void Admits_AddressAndKey_OpensTheseKinds(string address, string? header, string? key, string kinds) =>
        Assert.Equal(kinds, Opened(new AuthOptions { AdminKey = "a", RegistrarKey = "r" }, address, header, key));

    [Fact]
    public void Admits_OpenReads_NeedsNoKeyFromAnywhere() =>
        Assert.Equal("Read", Opened(new AuthOptions { AdminKey = "a", OpenReads = true }, "10.0.0.9", null, null));

    [Fact]
    public void Admits_NoRegistrarKey_OnlyAdminOpensWrites()
    {
        Assert.Equal("Read", Opened(new AuthOptions { AdminKey = "a" }, "127.0.0.1", "x-registrar-key", ""));
        Assert.Equal("Read Registrar Admin", Opened(new AuthOptions { AdminKey = "a", RegistrarKey = "" }, "127.0.0.1", "x-admin-key", "a"));
    }

    [Fact]
    public void MadeUpAdminKey_NoneConfigured_OpensAndDiffersEachTime()
    {
        var keys = new Keys(Options.Create(new AuthOptions()));
        Assert.Matches("^[0-9a-f]{32}$", keys.MadeUpAdminKey);
        Assert.NotEqual(keys.MadeUpAdminKey, new Keys(Options.Create(new AuthOptions())).MadeUpAdminKey);
        Assert.True(keys.Admits(Context("10.0.0.9", "x-admin-key", keys.MadeUpAdminKey), KeyKind.Admin));
    }

    private static string Opened(AuthOptions options, string address, string? header, string? key)
    {
        var keys = new Keys(Options.Create(options));
        var context = Context(address, header, key);
        return string.Join(' ', Enum.GetValues<KeyKind>().Where(kind => keys.Admits(context, kind)));
    }

    private static DefaultHttpContext Context(string address, string? header, string? key)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        if (header is not null)
        {
            context.Request.Headers[header] = key;
        }

        return context;
    }
}
