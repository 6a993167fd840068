namespace Orleans
{
    public interface IGrain;
}

namespace Orleans.Runtime
{
    public static class RequestContext;
}

namespace Orleans.Hosting
{
    public interface ISiloBuilder;
}
