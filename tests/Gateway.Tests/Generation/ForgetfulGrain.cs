using System.Reflection;
using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Tests.Generation;

/// <summary>
/// Takes a worker's calls and forgets everything at the fifth append; where it is away first, that append fails too, and the answer to
/// the third is lost. A proxy, because
/// an engine would take a class that implements the interface for a grain.
/// </summary>
public class ForgetfulGrain : DispatchProxy
{
    internal const string Gateway = "gw-of-worker";

    private bool _isAwayFirst;
    private int _appends;

    internal List<Frame> Frames { get; } = [];

    internal int Gaps { get; private set; }

    internal bool IsFencing { get; set; }

    public static (IUserStreamGrain Calls, ForgetfulGrain Grain) Create(bool isAwayFirst)
    {
        var calls = Create<IUserStreamGrain, ForgetfulGrain>();
        var grain = (ForgetfulGrain)(object)calls;
        grain._isAwayFirst = isAwayFirst;
        return (calls, grain);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name switch
    {
        nameof(IUserStreamGrain.Begin) => Task.FromResult(new AppendReply((int)AppendOutcome.Accepted, 0)),
        nameof(IUserStreamGrain.Append) => Append((StreamAppend)args![0]!),
        _ => throw new NotSupportedException(),
    };

    private Task<AppendReply> Append(StreamAppend append)
    {
        if (IsFencing)
        {
            return Task.FromResult(new AppendReply((int)AppendOutcome.Fenced, 0));
        }

        if (++_appends == 5)
        {
            Frames.Clear();
            if (_isAwayFirst)
            {
                return Task.FromException<AppendReply>(new TimeoutException("away"));
            }
        }

        if (append.Offset > Frames.Count)
        {
            Gaps++;
            return Reply(AppendOutcome.Gap);
        }

        Frames.AddRange(append.Frames.Skip(Frames.Count - append.Offset).Select(frame => frame.ToCore()));
        if (_appends == 3 && _isAwayFirst)
        {
            return Task.FromException<AppendReply>(new TimeoutException("stored, and the answer lost"));
        }

        return Reply(AppendOutcome.Accepted);

        Task<AppendReply> Reply(AppendOutcome outcome) =>
            Task.FromResult(new AppendReply((int)outcome, Frames.Count, append.Gateway == Gateway && Frames is not [.., { IsTerminal: true }]));
    }
}
