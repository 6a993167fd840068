using Fairway.Core.Directory;

namespace Fairway.Core.Tests.Directory;

public class NamesTests
{
    [Theory]
    [InlineData("orders", true)]
    [InlineData("A.b_c-9", true)]
    [InlineData("...", true)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("a/b", false)]
    [InlineData("a b", false)]
    [InlineData("é", false)]
    public void IsValid_Table(string? name, bool valid) => Assert.Equal(valid, Names.IsValid(name));

    [Fact]
    public void IsValid_Length_UpTo128()
    {
        Assert.True(Names.IsValid(new string('a', 128)));
        Assert.False(Names.IsValid(new string('a', 129)));
    }

    [Fact]
    public void IsReserved_Words_AreThoseOfTheContract()
    {
        Assert.All("v1 edge metrics healthz readyz openapi dashboard console assets base".Split(' '), word => Assert.True(Names.IsReserved(word)));
        Assert.False(Names.IsReserved("V1"));
        Assert.False(Names.IsReserved("orders"));
    }
}
