using System.CommandLine;
using Fairway.Cli;

var root = new RootCommand("fairway: the operator's hand, from a shell. Talks to a Gateway over HTTP.");
root.Subcommands.Add(ReleaseCommands.Create());
return await root.Parse(args).InvokeAsync();
