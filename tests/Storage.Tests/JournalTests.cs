using System.Text;
using Fairway.Testing;

namespace Fairway.Storage.Tests;

public sealed class JournalTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private string PathOfIt => Path.Combine(_folder.Path, "deep", "a.journal");

    [Fact]
    public async Task Append_ManyAtOnce_AllAreThereInOrderAfterReopening()
    {
        await using (var journal = Open(out _, out _))
        {
            var positions = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => journal.AppendAsync(Encoding.UTF8.GetBytes($"record {i}"))));
            Assert.Equal("record 77", Encoding.UTF8.GetString(await journal.ReadAsync(positions[77])));
        }

        await using var again = Open(out var records, out var cut);
        Assert.Equal(Enumerable.Range(0, 500).Select(i => $"record {i}"), records);
        Assert.Equal(0, cut);
    }

    [Fact]
    public async Task Open_TornAtEveryByteOfTheLastRecord_KeepsTheRestAndGoesOn()
    {
        await using (var journal = Open(out _, out _))
        {
            await journal.AppendAsync("first"u8.ToArray());
            await journal.AppendAsync("second"u8.ToArray());
        }

        var whole = await File.ReadAllBytesAsync(PathOfIt);
        for (var left = 8 + 5; left < whole.Length; left++)
        {
            await File.WriteAllBytesAsync(PathOfIt, whole[..left]);
            await using (var torn = Open(out var records, out var cut))
            {
                Assert.Equal(["first"], records);
                Assert.Equal(left - 13, cut);
                await torn.AppendAsync("third"u8.ToArray());
            }

            await using var again = Open(out var after, out var none);
            Assert.Equal(["first", "third"], after);
            Assert.Equal(0, none);
        }
    }

    [Fact]
    public async Task Open_AByteTurned_CutsFromThatRecordOn()
    {
        await using (var journal = Open(out _, out _))
        {
            await journal.AppendAsync("first"u8.ToArray());
            await journal.AppendAsync("second"u8.ToArray());
        }

        var bytes = await File.ReadAllBytesAsync(PathOfIt);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(PathOfIt, bytes);

        await using var again = Open(out var records, out var cut);
        Assert.Equal(["first"], records);
        Assert.Equal(14, cut);
    }

    [Fact]
    public async Task Rewrite_AmongAppends_KeepsWhatWasGivenAndWhatFollows()
    {
        await using (var journal = Open(out _, out _))
        {
            await journal.AppendAsync("old"u8.ToArray());
            var rewritten = journal.RewriteAsync(() => ["kept"u8.ToArray()]);
            var appended = journal.AppendAsync("new"u8.ToArray());
            await rewritten;
            Assert.Equal("new", Encoding.UTF8.GetString(await journal.ReadAsync(await appended)));
        }

        await using var again = Open(out var records, out _);
        Assert.Equal(["kept", "new"], records);
    }

    [Fact]
    public async Task Open_HeldByAnother_IsRefused()
    {
        await using var journal = Open(out _, out _);

        Assert.Throws<IOException>(() => Open(out _, out _));
    }

    public void Dispose() => _folder.Dispose();

    private Journal Open(out List<string> records, out long cut)
    {
        var found = records = [];
        return Journal.Open(PathOfIt, (_, record) => found.Add(Encoding.UTF8.GetString(record.Span)), out cut);
    }
}
