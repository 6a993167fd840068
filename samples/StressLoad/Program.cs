using System.CommandLine;
using System.CommandLine.Parsing;
using Fairway.Core.Lanes;
using Fairway.StressLoad;

// A load generator whose requests say that they are a stress test's: marked, and signed with the key that the services know.
var url = new Argument<Uri>("url")
{
    Description = "What to ask, again and again.",
    CustomParser = said => Uri.TryCreate(said.Tokens[0].Value, UriKind.Absolute, out var uri) ? uri : Bad(said),
};
var key = new Option<string>("--key") { Description = "kid=secret, one of the services' Lanes:Keys.", Required = true };
var lane = new Option<string?>("--lane") { Description = "A lane to ask for besides." };
var rate = new Option<int>("--rps") { Description = "Requests a second, 1-10000.", DefaultValueFactory = _ => 50 };
var seconds = new Option<int>("--seconds") { Description = "For how long, 1-3600.", DefaultValueFactory = _ => 10 };
var users = new Option<int>("--users") { Description = "How many users ask in turn, as x-user-id.", DefaultValueFactory = _ => 1000 };
var root = new RootCommand("Sends marked requests at a steady rate and counts the answers.") { url, key, lane, rate, seconds, users };
root.SetAction(async (read, cancellationToken) =>
{
    var (requested, lasting) = (read.GetValue(rate), read.GetValue(seconds));
    if (read.GetValue(key)!.Split('=', 2) is not [var kid, var secret] || requested is < 1 or > 10_000 || lasting is < 1 or > 3600)
    {
        Console.Error.WriteLine("--key is kid=secret, --rps is 1 to 10000, --seconds is 1 to 3600.");
        return 2;
    }

    var keys = new LabelKeys(new Dictionary<string, string> { [kid] = secret }, kid);
    var load = new MarkedLoad(read.GetValue(url)!, keys, Label.Of(read.GetValue(lane), stress: true), Math.Max(1, read.GetValue(users)), TimeProvider.System);
    foreach (var (answer, count) in await load.RunAsync(requested, TimeSpan.FromSeconds(lasting), cancellationToken))
    {
        Console.WriteLine($"{answer,-24} {count}");
    }

    return 0;
});
return await root.Parse(args).InvokeAsync();

static Uri? Bad(ArgumentResult said)
{
    said.AddError($"'{said.Tokens[0].Value}' is no address like http://127.0.0.1:8080/orders.");
    return null;
}
