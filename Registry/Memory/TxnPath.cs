using Fairway.Registry.Etcd.Protocol;
using Google.Protobuf.Collections;
using Operation = Fairway.Registry.Etcd.Protocol.RequestOp.RequestOneofCase;
using Target = Fairway.Registry.Etcd.Protocol.Compare.Types.CompareTarget;

namespace Fairway.Registry.Memory;

/// <summary>
/// Which branches of a transaction and of those nested in it run. All guards are answered from the state before the first
/// write, as etcd does, so that nothing can fail half-way.
/// </summary>
internal sealed class TxnPath
{
    private readonly MvccStore _store;
    private readonly TxnRequest _root;
    private readonly Dictionary<TxnRequest, bool> _taken = new(ReferenceEqualityComparer.Instance);

    public TxnPath(MvccStore store, TxnRequest root)
    {
        _store = store;
        _root = root;
        Decide(root);
    }

    public bool Succeeded(TxnRequest request) => _taken[request];

    /// <summary>What depends on the state, for the operations that will run.</summary>
    /// <exception cref="StoreException">One of them would fail.</exception>
    public void Check() => Check(_root);

    private void Decide(TxnRequest request)
    {
        _taken[request] = request.Compare.All(Holds);
        foreach (var operation in Branch(request).Where(operation => operation.RequestCase == Operation.RequestTxn))
        {
            Decide(operation.RequestTxn);
        }
    }

    private void Check(TxnRequest request)
    {
        foreach (var operation in Branch(request))
        {
            switch (operation.RequestCase)
            {
                case Operation.RequestRange:
                    _store.Check(operation.RequestRange.Revision);
                    break;
                case Operation.RequestPut:
                    TxnChecks.CheckPut(_store, operation.RequestPut);
                    break;
                case Operation.RequestTxn:
                    Check(operation.RequestTxn);
                    break;
            }
        }
    }

    private RepeatedField<RequestOp> Branch(TxnRequest request) => _taken[request] ? request.Success : request.Failure;

    private bool Holds(Compare compare)
    {
        var found = _store.Range(new KeyRange(compare.Key, compare.RangeEnd), 0).ToList();
        if (found.Count > 0)
        {
            return found.TrueForAll(kv => Holds(compare, kv));
        }

        // An absent key has no value to compare; all its numbers are 0.
        return compare.Target != Target.Value && Holds(compare, new KeyValue());
    }

    private static bool Holds(Compare compare, KeyValue kv)
    {
        var order = compare.Target switch
        {
            Target.Version => kv.Version.CompareTo(compare.Version),
            Target.Create => kv.CreateRevision.CompareTo(compare.CreateRevision),
            Target.Mod => kv.ModRevision.CompareTo(compare.ModRevision),
            Target.Lease => kv.Lease.CompareTo(compare.Lease),
            _ => KeyRange.Compare(kv.Value, compare.Value),
        };
        return compare.Result switch
        {
            Compare.Types.CompareResult.Equal => order == 0,
            Compare.Types.CompareResult.NotEqual => order != 0,
            Compare.Types.CompareResult.Greater => order > 0,
            _ => order < 0,
        };
    }
}
