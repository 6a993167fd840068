using Fairway.GrpcWire.Tests.Messages;

namespace Fairway.GrpcWire.Tests;

/// <summary>Methods of a service made for these tests; the Python peers speak it too.</summary>
internal static class Echo
{
    public static GrpcMethod<Text, Text> Unary { get; } = new("fairway.test.Echo", "Unary");

    public static GrpcMethod<Text, Text> Many { get; } = new("fairway.test.Echo", "Many");

    public static GrpcMethod<Text, Text> Chat { get; } = new("fairway.test.Echo", "Chat");
}
