using Fairway.Gateway.Auth.Tokens;

namespace Fairway.Gateway.Tests.Auth;

[Trait("Engine", "any")]
public sealed class TokenCacheTests
{
    private static readonly DateTimeOffset Later = DateTimeOffset.UnixEpoch.AddYears(100);

    private readonly TokenCache _cache = new();

    [Fact]
    public void TryGet_WhatWasAdded_IsThere()
    {
        _cache.Add("a.b.c", User("ada"));

        Assert.True(_cache.TryGet("a.b.c", out var found));
        Assert.Equal("ada", found.Subject);
        Assert.False(_cache.TryGet("a.b.d", out _));
    }

    [Fact]
    public void Add_FarMoreThanItHolds_ForgetsWhatWasNotUsed()
    {
        for (var i = 0; i < 3 * TokenCache.Capacity; i++)
        {
            _cache.Add($"token {i}", User("any"));
            Assert.True(_cache.TryGet("token 0", out _)); // used all the time
        }

        Assert.False(_cache.TryGet("token 1", out _));
        Assert.True(_cache.TryGet($"token {(3 * TokenCache.Capacity) - 1}", out _));
    }

    [Fact]
    public void Add_TooLong_IsNotKept()
    {
        var token = new string('t', TokenCache.MaxLength + 1);
        _cache.Add(token, User("any"));

        Assert.False(_cache.TryGet(token, out _));
    }

    private static UserToken User(string subject) => new(subject, Later, [], null);
}
