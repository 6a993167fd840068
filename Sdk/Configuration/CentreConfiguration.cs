using Microsoft.Extensions.Configuration;

namespace Fairway.Sdk.Configuration;

/// <summary>Shows the centre's values in <see cref="IConfiguration"/>, with slashes of keys as colons; the last good ones of the disk from the start on.</summary>
internal sealed class CentreConfiguration : ConfigurationProvider, IConfigurationSource, IDisposable
{
    private readonly List<IDisposable> _subscriptions = [];
    private readonly Lock _gate = new();

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>Follows a centre from now on.</summary>
    /// <param name="spaces">A key of a later one wins.</param>
    public void Attach(ConfigCentre centre, IReadOnlyList<string> spaces)
    {
        foreach (var space in spaces)
        {
            _subscriptions.Add(centre.OnChange(space, _ => Show(centre, spaces)));
        }

        Show(centre, spaces);
    }

    public void Dispose()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }
    }

    private void Show(ConfigCentre centre, IReadOnlyList<string> spaces)
    {
        var data = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in spaces.SelectMany(space => centre.Get(space).Values))
        {
            data[key.Replace('/', ':')] = value;
        }

        lock (_gate)
        {
            Data = data;
        }

        OnReload();
    }
}
