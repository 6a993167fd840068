using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;

namespace Fairway.Cli;

/// <summary><c>fairway release</c>: what docs/releases.md says over HTTP.</summary>
internal static class ReleaseCommands
{
    private static readonly Option<Uri> Gateway = new("--gateway")
    {
        Description = "The Gateway's address (FAIRWAY_GATEWAY).",
        DefaultValueFactory = said => Address(said, Environment.GetEnvironmentVariable("FAIRWAY_GATEWAY") ?? "http://127.0.0.1:8080")!,
        CustomParser = said => Address(said, said.Tokens[0].Value),
    };

    private static readonly Option<string?> AdminKey = new("--admin-key")
    {
        Description = "The operator's key (FAIRWAY_ADMIN_KEY).",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("FAIRWAY_ADMIN_KEY"),
    };

    private static readonly Option<string> Author = new("--author") { Description = "Who says it.", DefaultValueFactory = _ => Environment.UserName };

    private static readonly Option<string> Reason = new("--reason") { Description = "Why, for the audit.", Required = true };

    private static readonly Argument<string> Service = new("service");

    public static Command Create()
    {
        var release = new Command("release", "Bring a new version of a service out.");
        release.Subcommands.Add(List());
        release.Subcommands.Add(Show());
        release.Subcommands.Add(Begin());
        release.Subcommands.Add(Word("verify", "The new version is good: begin the ramp."));
        release.Subcommands.Add(Word("pause", "Stand still; requests go where they go."));
        release.Subcommands.Add(Word("resume", "Go on after a pause."));
        release.Subcommands.Add(Word("finish", "Everybody to the new version at once."));
        release.Subcommands.Add(Word("rollback", "Everybody back to the old version at once."));
        return release;
    }

    private static Uri? Address(ArgumentResult said, string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps))
        {
            return uri;
        }

        said.AddError($"'{text}' is no address like http://127.0.0.1:8080.");
        return null;
    }

    private static Command List()
    {
        var list = new Command("list", "The last release of each service.") { Gateway, AdminKey };
        list.SetAction((read, ct) => SendAsync(read, HttpMethod.Get, "/v1/releases", null, ct));
        return list;
    }

    private static Command Show()
    {
        var show = new Command("show", "Where the release of a service stands.") { Service, Gateway, AdminKey };
        show.SetAction((read, ct) => SendAsync(read, HttpMethod.Get, Path(read), null, ct));
        return show;
    }

    private static Command Begin()
    {
        var version = new Argument<string>("version");
        var strategy = new Option<string>("--strategy") { Description = "blue-green or half.", DefaultValueFactory = _ => "blue-green" };
        var ramp = new Option<int[]>("--ramp") { Description = "Users of 10,000, step by step; the last 10000.", AllowMultipleArgumentsPerToken = true };
        var step = new Option<double?>("--step-seconds") { Description = "How long each step is watched." };
        var verified = new Option<bool>("--no-verify") { Description = "Do not wait for 'verify' before the ramp." };
        var onBreach = new Option<string?>("--on-breach") { Description = "pause or rollback." };
        var begin = new Command("begin", "Begin a release.") { Service, version, strategy, ramp, step, verified, onBreach, Author, Reason, Gateway, AdminKey };
        begin.SetAction((read, ct) =>
        {
            var body = Signed(read);
            body["version"] = read.GetValue(version);
            body["strategy"] = read.GetValue(strategy);
            body["verify"] = !read.GetValue(verified);
            if (read.GetValue(ramp) is { Length: > 0 } steps)
            {
                body["ramp"] = new JsonArray([.. steps.Select(ratio => (JsonNode)ratio)]);
            }

            if (read.GetValue(step) is { } seconds)
            {
                body["stepSeconds"] = seconds;
            }

            if (read.GetValue(onBreach) is { } action)
            {
                body["onBreach"] = action;
            }

            return SendAsync(read, HttpMethod.Post, Path(read), body, ct);
        });
        return begin;
    }

    private static Command Word(string word, string description)
    {
        var command = new Command(word, description) { Service, Author, Reason, Gateway, AdminKey };
        command.SetAction((read, ct) => SendAsync(read, HttpMethod.Post, $"{Path(read)}/{word}", Signed(read), ct));
        return command;
    }

    private static JsonObject Signed(ParseResult read) => new() { ["author"] = read.GetValue(Author), ["reason"] = read.GetValue(Reason) };

    private static string Path(ParseResult read) => $"/v1/services/{Uri.EscapeDataString(read.GetValue(Service)!)}/release";

    private static async Task<int> SendAsync(ParseResult read, HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        using var client = new GatewayClient(read.GetValue(Gateway)!, read.GetValue(AdminKey));
        return await client.SendAsync(method, path, body, cancellationToken);
    }
}
