using System.Reflection;

namespace Fairway.LocalSilo;

/// <summary>How a return type is called: the kind of request, and what sends it.</summary>
internal readonly record struct CallShape(Type RequestType, MethodInfo Send)
{
    /// <exception cref="NotSupportedException">Not void, Task, Task of T, ValueTask or ValueTask of T.</exception>
    public static CallShape Of(Type returns)
    {
        if (returns == typeof(void))
        {
            return new(typeof(VoidRequest), Sender(nameof(Sending.Post)));
        }

        if (returns == typeof(Task))
        {
            return new(typeof(TaskRequest), Sender(nameof(Sending.SendTask)));
        }

        if (returns == typeof(ValueTask))
        {
            return new(typeof(ValueTaskRequest), Sender(nameof(Sending.SendValueTask)));
        }

        if (returns.IsGenericType && returns.GetGenericTypeDefinition() is { } open)
        {
            var result = returns.GetGenericArguments()[0];
            if (open == typeof(Task<>))
            {
                return new(typeof(TaskRequest<>).MakeGenericType(result), Sender(nameof(Sending.SendTaskOf)).MakeGenericMethod(result));
            }

            if (open == typeof(ValueTask<>))
            {
                return new(typeof(ValueTaskRequest<>).MakeGenericType(result), Sender(nameof(Sending.SendValueTaskOf)).MakeGenericMethod(result));
            }
        }

        throw new NotSupportedException($"{returns} is no return type of a grain method.");
    }

    public static bool IsKnown(Type returns) =>
        returns == typeof(void) || returns == typeof(Task) || returns == typeof(ValueTask)
        || (returns.IsGenericType && returns.GetGenericTypeDefinition() is var open && (open == typeof(Task<>) || open == typeof(ValueTask<>)));

    private static MethodInfo Sender(string name) => typeof(Sending).GetMethod(name)!;
}

/// <summary>What the emitted methods end in.</summary>
internal static class Sending
{
    public static void Post(Orleans.Runtime.GrainReference target, VoidRequest request, int method) => request.Send(target, method);

    public static Task SendTask(Orleans.Runtime.GrainReference target, TaskRequest request, int method) => request.Send(target, method);

    public static Task<T> SendTaskOf<T>(Orleans.Runtime.GrainReference target, TaskRequest<T> request, int method) => request.Send(target, method);

    public static ValueTask SendValueTask(Orleans.Runtime.GrainReference target, ValueTaskRequest request, int method) => new(request.Send(target, method));

    public static ValueTask<T> SendValueTaskOf<T>(Orleans.Runtime.GrainReference target, ValueTaskRequest<T> request, int method) => new(request.Send(target, method));
}
