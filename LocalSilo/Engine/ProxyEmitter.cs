using System.Reflection;
using System.Reflection.Emit;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>
/// Makes, for one interface, a type derived from <see cref="GrainReference"/> that implements it, and for each of its
/// methods a <see cref="Request"/> type with a typed field for each argument. So a call boxes nothing and looks up nothing.
/// </summary>
internal static class ProxyEmitter
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<string> Opened = [];
    private static readonly AssemblyBuilder Assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Fairway.LocalSilo.Proxies"), AssemblyBuilderAccess.Run);
    private static readonly ModuleBuilder Module = Assembly.DefineDynamicModule("Proxies");
    private static readonly ConstructorInfo OpensAccess = DefineOpensAccess();
    private static int _count;

    public static Func<Silo, InterfaceDescriptor, GrainId, GrainReference> Emit(InterfaceDescriptor contract)
    {
        lock (Gate)
        {
            Open(typeof(ProxyEmitter));
            Open(contract.Contract);
            var number = ++_count;
            var proxy = Module.DefineType($"{contract.Name}_Reference{number}", TypeAttributes.Class | TypeAttributes.Sealed, typeof(GrainReference), [contract.Contract]);
            EmitConstructor(proxy);
            for (var index = 0; index < contract.Methods.Length; index++)
            {
                EmitMethod(proxy, contract.Methods[index], index, $"{contract.Name}_{contract.Methods[index].Method.Name}{number}_{index}");
            }

            return Factory(proxy.CreateType());
        }
    }

    private static void EmitConstructor(TypeBuilder proxy)
    {
        Type[] parameters = [typeof(Silo), typeof(InterfaceDescriptor), typeof(GrainId)];
        var il = proxy.DefineConstructor(MethodAttributes.Public, CallingConventions.HasThis, parameters).GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldarg_3);
        il.Emit(OpCodes.Call, typeof(GrainReference).GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, parameters)!);
        il.Emit(OpCodes.Ret);
    }

    private static void EmitMethod(TypeBuilder proxy, MethodDescriptor descriptor, int index, string requestName)
    {
        var method = descriptor.Method;
        var types = Array.ConvertAll(descriptor.Parameters, parameter => parameter.ParameterType);
        Open(method.DeclaringType!);
        Open(method.ReturnType);
        Array.ForEach(types, Open);

        var shape = CallShape.Of(method.ReturnType);
        var request = EmitRequest(descriptor, types, shape.RequestType, requestName);
        var implementation = proxy.DefineMethod(
            $"{method.DeclaringType!.FullName}.{method.Name}",
            MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.HideBySig | MethodAttributes.NewSlot,
            method.ReturnType,
            types);
        var il = implementation.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldc_I4, index);
        il.Emit(OpCodes.Call, typeof(RequestPool).GetMethod(nameof(RequestPool.Rent))!.MakeGenericMethod(request));
        for (var i = 0; i < types.Length; i++)
        {
            il.Emit(OpCodes.Dup);
            il.Emit(OpCodes.Ldarg, i + 1);
            if (i == descriptor.TokenIndex)
            {
                il.Emit(OpCodes.Stfld, typeof(Request).GetField(nameof(Request.CallerToken))!);
                continue;
            }

            if (types[i].IsInterface && typeof(IAddressable).IsAssignableFrom(types[i]))
            {
                il.Emit(OpCodes.Call, typeof(References).GetMethod(nameof(References.Require))!.MakeGenericMethod(types[i]));
            }

            il.Emit(OpCodes.Stfld, descriptor.ArgumentFields[i]!);
        }

        il.Emit(OpCodes.Ldc_I4, index);
        il.Emit(OpCodes.Call, shape.Send);
        il.Emit(OpCodes.Ret);
        proxy.DefineMethodOverride(implementation, method);
    }

    private static Type EmitRequest(MethodDescriptor descriptor, Type[] types, Type baseType, string name)
    {
        var request = Module.DefineType(name, TypeAttributes.Class | TypeAttributes.Sealed | TypeAttributes.Public, baseType);
        request.DefineDefaultConstructor(MethodAttributes.Public);
        var fields = new FieldInfo?[types.Length];
        for (var i = 0; i < types.Length; i++)
        {
            fields[i] = i == descriptor.TokenIndex ? null : request.DefineField($"Argument{i}", types[i], FieldAttributes.Public);
        }

        var call = baseType.GetMethod("Call", BindingFlags.Instance | BindingFlags.Public)!;
        var body = request.DefineMethod("Call", MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.HideBySig, call.ReturnType, [typeof(object)]);
        var il = body.GetILGenerator();
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Castclass, descriptor.Method.DeclaringType!);
        for (var i = 0; i < types.Length; i++)
        {
            il.Emit(OpCodes.Ldarg_0);
            if (fields[i] is { } field)
            {
                il.Emit(OpCodes.Ldfld, field);
            }
            else
            {
                il.Emit(OpCodes.Call, typeof(Request).GetMethod(nameof(Request.CalleeToken))!);
            }
        }

        il.Emit(OpCodes.Callvirt, descriptor.Method);
        il.Emit(OpCodes.Ret);
        request.DefineMethodOverride(body, call);
        EmitForget(request, fields);
        var made = request.CreateType();
        descriptor.ArgumentFields = [.. types.Select((_, i) => made.GetField($"Argument{i}"))];
        return made;
    }

    private static void EmitForget(TypeBuilder request, FieldInfo?[] fields)
    {
        var forget = typeof(Request).GetMethod("ForgetArguments", BindingFlags.Instance | BindingFlags.NonPublic)!;
        var body = request.DefineMethod(forget.Name, MethodAttributes.Family | MethodAttributes.Virtual | MethodAttributes.HideBySig, typeof(void), Type.EmptyTypes);
        var il = body.GetILGenerator();
        foreach (var field in fields.OfType<FieldInfo>())
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldflda, field);
            il.Emit(OpCodes.Initobj, field.FieldType);
        }

        il.Emit(OpCodes.Ret);
        request.DefineMethodOverride(body, forget);
    }

    private static Func<Silo, InterfaceDescriptor, GrainId, GrainReference> Factory(Type proxy)
    {
        Type[] parameters = [typeof(Silo), typeof(InterfaceDescriptor), typeof(GrainId)];
        var make = new DynamicMethod("New" + proxy.Name, typeof(GrainReference), parameters, Module, skipVisibility: true);
        var il = make.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Newobj, proxy.GetConstructor(parameters)!);
        il.Emit(OpCodes.Ret);
        return make.CreateDelegate<Func<Silo, InterfaceDescriptor, GrainId, GrainReference>>();
    }

    /// <summary>Lets the emitted types use internal types of the assemblies that <paramref name="type"/> is made of.</summary>
    private static void Open(Type type)
    {
        foreach (var argument in type.GetGenericArguments())
        {
            Open(argument);
        }

        if (type.GetElementType() is { } element)
        {
            Open(element);
        }

        var name = type.Assembly.GetName().Name!;
        if (Opened.Add(name))
        {
            Assembly.SetCustomAttribute(new CustomAttributeBuilder(OpensAccess, [name]));
        }
    }

    /// <summary>The runtime knows the attribute by its name alone; no library declares it.</summary>
    private static ConstructorInfo DefineOpensAccess()
    {
        var type = Module.DefineType("System.Runtime.CompilerServices.IgnoresAccessChecksToAttribute", TypeAttributes.Class | TypeAttributes.Public, typeof(Attribute));
        var constructor = type.DefineConstructor(MethodAttributes.Public, CallingConventions.HasThis, [typeof(string)]);
        var il = constructor.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeof(Attribute).GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, Type.EmptyTypes)!);
        il.Emit(OpCodes.Ret);
        type.SetCustomAttribute(new CustomAttributeBuilder(typeof(AttributeUsageAttribute).GetConstructor([typeof(AttributeTargets)])!, [AttributeTargets.Assembly], [typeof(AttributeUsageAttribute).GetProperty(nameof(AttributeUsageAttribute.AllowMultiple))!], [true]));
        return type.CreateType().GetConstructor([typeof(string)])!;
    }
}
