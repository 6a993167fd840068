using Fairway.Gateway.Generation;
using Fairway.GrainInterfaces.Streams;
using Fairway.Grains.Streams;
using Fairway.Silo;
using Fairway.Storage;

namespace Fairway.Gateway.History;

/// <summary>Pages of history: from this process where all there is is here, or in a database; else from the silo that holds the user.</summary>
internal sealed class HistoryReader(IHistory history, IGrainFactory grains, IConfiguration configuration)
{
    private readonly bool _isHere = FairwayEngine.Name == "local" || GenerationServices.Reach(configuration) == StorageReach.Shared;

    public Task<HistoryPage> PageAsync(string user, string conversation, long before, int limit, CancellationToken cancellationToken) => _isHere
        ? history.PageAsync(user, conversation, before, limit, cancellationToken)
        : AskAsync(user, conversation, before, limit);

    private async Task<HistoryPage> AskAsync(string user, string conversation, long before, int limit)
    {
        var page = await grains.GetGrain<IUserStreamGrain>(user).History(conversation, before, limit);
        return new HistoryPage(
            [
                .. page.Items.Select(item => new HistoryItem(
                    item.Version, conversation, item.Messages.Memory, item.Answer, item.ToolCalls.Memory, item.FinishedAt)),
            ],
            page.Next == 0 ? null : page.Next);
    }
}
