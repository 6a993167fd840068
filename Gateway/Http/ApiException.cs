namespace Fairway.Gateway.Http;

/// <summary>A refusal with the status, stable code and words that the caller gets as <c>application/problem+json</c>.</summary>
public sealed class ApiException(int status, string code, string detail) : Exception(detail)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    /// <summary>The field it is about, where it is about one.</summary>
    public string? Field { get; init; }

    public static ApiException BadField(string field, string rule) => new(400, "BAD_FIELD", $"'{field}' {rule}.") { Field = field };

    public static ApiException BadJson(string detail) => new(400, "BAD_JSON", detail);

    public static ApiException NotSet(string what) => new(404, "NOT_SET", $"No {what} is set.");

    public static ApiException NotReady() => new(503, "NOT_READY", "The first listing of the registry is not in yet.");
}
