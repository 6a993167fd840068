namespace Fairway.GrpcWire.Tests;

public sealed class GrpcMetadataTests
{
    [Fact]
    public void Add_SameNameTwice_KeepsBothInOrderWhateverTheCase()
    {
        var metadata = new GrpcMetadata { { "Name", "a" }, { "other", "x" }, { "name", "b" } };

        Assert.Equal("a", metadata["NAME"]);
        Assert.Equal(["a", "b"], metadata.GetAll("nAme"));
        Assert.Equal(["name", "other", "name"], metadata.Select(entry => entry.Key));
        Assert.Null(metadata["none"]);
    }

    [Fact]
    public void Add_Bytes_ComeBack()
    {
        var metadata = new GrpcMetadata { { "a-bin", new byte[] { 1, 2, 3, 4 } }, { "b-bin", Array.Empty<byte>() } };

        Assert.Equal([1, 2, 3, 4], metadata.GetBinary("a-bin")!);
        Assert.Equal([], metadata.GetBinary("b-bin")!);
        Assert.Null(metadata.GetBinary("c-bin"));
    }

    [Theory]
    [InlineData("grpc-status", "0")]
    [InlineData("grpc-timeout", "1S")]
    [InlineData("content-type", "x")]
    [InlineData("te", "x")]
    [InlineData("", "x")]
    [InlineData("a b", "x")]
    [InlineData("é", "x")]
    [InlineData(":path", "x")]
    [InlineData("a-bin", "x")]
    [InlineData("a", "line\nbreak")]
    [InlineData("a", "é")]
    [InlineData("a", " x")]
    public void Add_NotAllowed_IsRefused(string name, string value) =>
        Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add(name, value));

    [Fact]
    public void Add_BytesUnderATextName_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add("a", [1]));
}
