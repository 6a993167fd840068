namespace Fairway.Sdk.Registration;

/// <summary>The registry answers, and the rules forbid this registration.</summary>
/// <param name="code">A stable code, such as <c>LANE_UNKNOWN</c>.</param>
internal sealed class RegistrationRefusedException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}
