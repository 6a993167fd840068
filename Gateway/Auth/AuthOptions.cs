namespace Fairway.Gateway.Auth;

/// <summary>Section <c>Auth</c>: the keys of operators and registrants.</summary>
public sealed class AuthOptions
{
    /// <summary>Key of operator calls (<c>x-admin-key</c>). When unset the Gateway makes one up at start and prints it.</summary>
    public string? AdminKey { get; set; }

    /// <summary>Key of registration, status and lane writes (<c>x-registrar-key</c>). When unset only the admin key opens these.</summary>
    public string? RegistrarKey { get; set; }

    /// <summary>Whether lists are read without a key from anywhere; otherwise only from this machine. Default false.</summary>
    public bool OpenReads { get; set; }
}
