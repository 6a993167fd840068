using Fairway.Core.Lanes;

namespace Fairway.Core.Tests.Lanes;

public class LabelTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("Dev.1_x-Y", true)]
    [InlineData("", false)]
    [InlineData(" ", false)]
    [InlineData("a b", false)]
    [InlineData("a,b", false)]
    [InlineData("ä", false)]
    [InlineData("a\n", false)]
    [InlineData("a/b", false)]
    public void IsValid_Table(string label, bool valid) => Assert.Equal(valid, Label.IsValid(label));

    [Fact]
    public void IsValid_Length_UpTo64()
    {
        Assert.True(Label.IsValid(new string('a', 64)));
        Assert.False(Label.IsValid(new string('a', 65)));
    }
}
