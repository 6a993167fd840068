using Fairway.Gateway;

await GatewayApp.Build(args).RunAsync();
