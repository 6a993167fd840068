using System.Net.Sockets;

namespace Fairway.Exporter.Probing;

/// <summary>Tells a refused connection from other failures.</summary>
internal static class Failures
{
    public static CheckResult Of(Exception failure, string what) =>
        new(IsRefusal(failure) ? CheckOutcome.Refused : CheckOutcome.Failed, what);

    private static bool IsRefusal(Exception? failure)
    {
        while (failure is not (null or SocketException))
        {
            failure = failure.InnerException;
        }

        return failure is SocketException { SocketErrorCode: SocketError.ConnectionRefused };
    }
}
