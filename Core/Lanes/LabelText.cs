namespace Fairway.Core.Lanes;

/// <summary>
/// A label as one text, for where headers do not go: the context of grain calls, a column of an outbox, the state of a saga. Lines
/// of lane, stress, offline and signature. It is as trustworthy as the place it is kept in: what comes from outside is read by
/// <see cref="LabelReader.TryRead"/> instead.
/// </summary>
public static class LabelText
{
    /// <summary>Null for no label.</summary>
    public static string? Write(Label label)
    {
        ArgumentNullException.ThrowIfNull(label);
        return label.IsEmpty ? null : $"{label.Lane}\n{(label.Stress ? "1" : "")}\n{label.OfflineText}\n{label.Signature}";
    }

    /// <summary>The label that was written; <see cref="Label.None"/> for null, empty, or what is no such text.</summary>
    public static Label Read(string? text)
    {
        if (string.IsNullOrEmpty(text)
            || text.Split('\n') is not [var lane, var stress, var offline, var signature]
            || !LabelReader.TryParse(lane, stress, offline, out var label, out _))
        {
            return Label.None;
        }

        return label.IsEmpty ? Label.None : Label.Read(label.Lane, label.Stress, label.Offline, label.OfflineText, signature.Length == 0 ? null : signature);
    }
}
