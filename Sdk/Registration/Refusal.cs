namespace Fairway.Sdk.Registration;

/// <summary>The registry answers, and the rules forbid this registration.</summary>
/// <param name="Code">A stable code, such as <c>LANE_UNKNOWN</c>.</param>
internal sealed record Refusal(string Code, string Message);
