using Fairway.Gateway;
using Fairway.Silo;

try
{
    await GatewayApp.Build(args).RunAsync();
    return 0;
}
catch (EngineException refused)
{
    Console.Error.WriteLine($"{refused.Code}: {refused.Message}");
    return 2;
}
