using System.Collections.Immutable;

namespace Fairway.Core.Lanes;

/// <summary>Why a label is not taken on a trusted hop.</summary>
public enum LabelFault
{
    None,

    /// <summary>A value has a bad form.</summary>
    Invalid,

    /// <summary>Two different values of what has only one.</summary>
    Ambiguous,

    /// <summary>The signature is missing, wrong, expired, or of no known key.</summary>
    Tampered,
}

/// <summary>
/// Reads and verifies the headers of a label on a trusted hop. Each value is the header's lines joined by commas, as HTTP has it
/// (RFC 9110, 5.3); blanks around members and empty members mean nothing. Forms are judged before agreement, agreement before the
/// signature.
/// </summary>
public static class LabelReader
{
    /// <summary>The stable code of a refusal.</summary>
    public static string CodeOf(LabelFault fault) => fault switch
    {
        LabelFault.Invalid => RouteCodes.LabelInvalid,
        LabelFault.Ambiguous => RouteCodes.LabelAmbiguous,
        _ => RouteCodes.LabelTampered,
    };

    /// <summary>What to tell the caller; never quotes what was sent.</summary>
    public static string DescribeOf(LabelFault fault) => fault switch
    {
        LabelFault.Invalid =>
            $"A label is 1-{Label.MaxLength} of A-Za-z0-9._- in {LabelHeaders.FlowType}, 1 in {LabelHeaders.Stress}, and at most {Label.MaxOffline} ip:port in {LabelHeaders.Offline}.",
        LabelFault.Ambiguous => "The request carries two different labels.",
        _ => $"The label has no valid signature in {LabelHeaders.Signature}.",
    };

    /// <summary>Reads the four headers. Where nothing is sent, or all is empty, there is no label: <see cref="Label.None"/>.</summary>
    /// <returns>False with the fault when the request must be refused.</returns>
    public static bool TryRead(
        string? flowType, string? stress, string? offline, string? signature, LabelKeys keys, DateTimeOffset now, out Label label, out LabelFault fault)
    {
        ArgumentNullException.ThrowIfNull(keys);
        label = Label.None;
        fault = LabelFault.None;
        if (string.IsNullOrEmpty(flowType) && string.IsNullOrEmpty(stress) && string.IsNullOrEmpty(offline) && string.IsNullOrEmpty(signature))
        {
            return true;
        }

        if (!TryParse(flowType, stress, offline, out var read, out fault))
        {
            return false;
        }

        var signed = Single(signature, static _ => true, ref fault);
        if (fault is not LabelFault.None)
        {
            return false;
        }

        if (read.IsEmpty && signed is null)
        {
            return true;
        }

        // A signature without what it signs is what somebody left who took the label away.
        if (signed is null || !keys.Verify(read, signed, now))
        {
            fault = LabelFault.Tampered;
            return false;
        }

        label = read.IsEmpty ? Label.None : Label.Read(read.Lane, read.Stress, read.Offline, read.OfflineText, signed);
        return true;
    }

    /// <summary>Reads the three values without asking who signed them: for text that a verified source handed over.</summary>
    public static bool TryParse(string? flowType, string? stress, string? offline, out Label label, out LabelFault fault)
    {
        fault = LabelFault.None;
        var lane = Single(flowType, static value => Label.IsValid(value), ref fault);
        var mark = Single(stress, static value => value is "1", ref fault);
        var (addresses, text) = List(offline, ref fault);
        label = fault is LabelFault.None ? Label.Read(lane, mark is not null, addresses, text, null) : Label.None;
        return fault is LabelFault.None;
    }

    /// <summary>The one value of a header that may be repeated, but not differ; null for none.</summary>
    private static string? Single(string? text, Func<ReadOnlySpan<char>, bool> hasForm, ref LabelFault fault)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        string? found = null;
        var differ = false;
        foreach (var range in text.AsSpan().Split(','))
        {
            var value = text.AsSpan(range).Trim(Blanks);
            if (value.IsEmpty)
            {
                continue;
            }

            if (!hasForm(value))
            {
                fault = LabelFault.Invalid;
                return null;
            }

            differ |= found is not null && !value.SequenceEqual(found);
            found ??= value.Length == text.Length ? text : value.ToString();
        }

        if (differ && fault is LabelFault.None)
        {
            fault = LabelFault.Ambiguous;
        }

        return found;
    }

    /// <summary>The addresses, each once, and the text as it was signed: the members joined by bare commas.</summary>
    private static (ImmutableArray<string> Addresses, string Text) List(string? text, ref LabelFault fault)
    {
        if (string.IsNullOrEmpty(text))
        {
            return ([], "");
        }

        var count = 0;
        var members = new List<string>();
        foreach (var range in text.AsSpan().Split(','))
        {
            var value = text.AsSpan(range).Trim(Blanks);
            if (value.IsEmpty)
            {
                continue;
            }

            if (++count > Label.MaxOffline || !IpPort.IsValid(value))
            {
                fault = LabelFault.Invalid;
                return ([], "");
            }

            members.Add(value.ToString());
        }

        return ([.. members.Distinct(StringComparer.Ordinal)], string.Join(',', members));
    }

    private const string Blanks = " \t";
}
