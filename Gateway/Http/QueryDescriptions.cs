using System.ComponentModel;

namespace Fairway.Gateway.Http;

/// <summary>Describes <c>since</c> in the OpenAPI document.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class SinceAttribute() : DescriptionAttribute("The version the reader holds, `{epoch}-{counter}`.");

/// <summary>Describes <c>wait</c> in the OpenAPI document.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class WaitAttribute() : DescriptionAttribute("How long to wait for another version: `<n>s` or `<n>ms`, at most 60s.");
