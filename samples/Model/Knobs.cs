namespace Fairway.Model;

/// <summary>How the model behaves: from the command line, <c>PUT /knobs</c>, or an object <c>knobs</c> in one request.</summary>
public sealed record Knobs
{
    /// <summary>Tokens a second; 0 sends as fast as the socket takes them.</summary>
    public double TokensPerSecond { get; set; } = 40;

    /// <summary>Milliseconds before the first token.</summary>
    public int FirstTokenMs { get; set; } = 50;

    /// <summary>Tokens to answer with; 0 answers with one whole text.</summary>
    public int Tokens { get; set; }

    /// <summary>How the answer goes wrong, after <see cref="After"/> tokens.</summary>
    public Failure Failure { get; set; }

    /// <summary>Tokens sent before the failure.</summary>
    public int After { get; set; } = 5;

    /// <summary>Seconds in the <c>Retry-After</c> of a 429.</summary>
    public int RetryAfterSeconds { get; set; } = 1;

    /// <summary>Answers with a tool call instead of text.</summary>
    public bool ToolCall { get; set; }
}

/// <summary>Ways in which a model fails.</summary>
public enum Failure
{
    None,

    /// <summary>Answers 500 at once.</summary>
    Status500,

    /// <summary>Answers 429 with <c>Retry-After</c>.</summary>
    Status429,

    /// <summary>Sends nothing more and keeps the connection.</summary>
    Stall,

    /// <summary>Closes the connection in mid-answer.</summary>
    Truncate,

    /// <summary>Ends the body properly, without a finish reason or <c>[DONE]</c>.</summary>
    EndEarly,

    /// <summary>Sends an error object as a data line, then ends.</summary>
    ErrorInStream,
}
