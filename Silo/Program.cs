using Fairway.Silo;
using Fairway.Silo.Hosting;

try
{
    await SiloApp.Build(args).RunAsync();
    return 0;
}
catch (EngineException refused)
{
    Console.Error.WriteLine($"{refused.Code}: {refused.Message}");
    return 2;
}
