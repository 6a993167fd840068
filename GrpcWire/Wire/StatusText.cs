using System.Text;

namespace Fairway.GrpcWire.Wire;

/// <summary>The percent encoding of <c>grpc-message</c>: UTF-8, with every byte outside space..tilde, and %, escaped.</summary>
internal static class StatusText
{
    // Peers limit all metadata of a call to 8 KiB by default; a longer text would replace the status by theirs.
    private const int MaxEncodedLength = 4096;

    public static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var mark = encoded.Length;
            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                if (value is >= (byte)' ' and <= (byte)'~' and not (byte)'%')
                {
                    encoded.Append((char)value);
                }
                else
                {
                    encoded.Append('%').Append(value.ToString("X2"));
                }
            }

            if (encoded.Length > MaxEncodedLength)
            {
                encoded.Length = mark;
                break;
            }
        }

        // HTTP field values cannot begin or end in a space.
        if (encoded.Length > 0 && encoded[0] == ' ')
        {
            encoded.Remove(0, 1).Insert(0, "%20");
        }

        if (encoded.Length > 0 && encoded[^1] == ' ')
        {
            encoded.Length--;
            encoded.Append("%20");
        }

        return encoded.ToString();
    }

    /// <summary>Never fails: what is no escape stays as it came, as the protocol demands.</summary>
    public static string Decode(string encoded)
    {
        if (!encoded.Contains('%', StringComparison.Ordinal))
        {
            return encoded;
        }

        var source = Encoding.UTF8.GetBytes(encoded);
        var target = new byte[source.Length];
        var length = 0;
        for (var at = 0; at < source.Length; at++)
        {
            if (source[at] == '%' && at + 2 < source.Length
                && char.IsAsciiHexDigit((char)source[at + 1]) && char.IsAsciiHexDigit((char)source[at + 2]))
            {
                target[length++] = (byte)((HexValue(source[at + 1]) << 4) | HexValue(source[at + 2]));
                at += 2;
            }
            else
            {
                target[length++] = source[at];
            }
        }

        return Encoding.UTF8.GetString(target, 0, length);
    }

    private static int HexValue(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
