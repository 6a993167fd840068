using Microsoft.CodeAnalysis;

namespace Fairway.LocalSilo.Tests;

/// <summary>The public surface of an assembly as text: a line for each type, each interface it has, and each member.</summary>
internal static class ApiText
{
    private static readonly SymbolDisplayFormat Names = new(
        globalNamespaceStyle: SymbolDisplayGlobalNamespaceStyle.Omitted,
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeTypeConstraints,
        memberOptions: SymbolDisplayMemberOptions.IncludeParameters | SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeConstantValue | SymbolDisplayMemberOptions.IncludeContainingType | SymbolDisplayMemberOptions.IncludeRef,
        delegateStyle: SymbolDisplayDelegateStyle.NameAndSignature,
        extensionMethodStyle: SymbolDisplayExtensionMethodStyle.StaticMethod,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName | SymbolDisplayParameterOptions.IncludeDefaultValue | SymbolDisplayParameterOptions.IncludeParamsRefOut | SymbolDisplayParameterOptions.IncludeExtensionThis,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    public static IEnumerable<string> Of(IAssemblySymbol assembly) => TypesIn(assembly.GlobalNamespace).SelectMany(Of);

    public static IEnumerable<string> Of(INamedTypeSymbol type)
    {
        var name = type.ToDisplayString(Names);
        var kind = type.IsStatic ? "static " : type.IsAbstract && type.TypeKind == TypeKind.Class ? "abstract " : type.IsSealed && type.TypeKind == TypeKind.Class ? "sealed " : string.Empty;
        yield return $"type {kind}{type.TypeKind.ToString().ToLowerInvariant()} {name}";
        if (type.BaseType is { } parent && type.TypeKind == TypeKind.Class)
        {
            yield return $"base {name} : {parent.ToDisplayString(Names)}";
        }

        foreach (var contract in type.AllInterfaces)
        {
            yield return $"interface {name} : {contract.ToDisplayString(Names)}";
        }

        foreach (var usage in type.GetAttributes().Where(attribute => attribute.AttributeClass?.Name == nameof(AttributeUsageAttribute)))
        {
            var multiple = usage.NamedArguments.Any(argument => argument is { Key: "AllowMultiple", Value.Value: true });
            var inherited = !usage.NamedArguments.Any(argument => argument is { Key: "Inherited", Value.Value: false });
            yield return $"usage {name} {usage.ConstructorArguments[0].Value} multiple={multiple} inherited={inherited}";
        }

        if (type.TypeKind == TypeKind.Delegate)
        {
            yield break;
        }

        foreach (var member in type.GetMembers().Where(IsShown))
        {
            var access = member.DeclaredAccessibility == Accessibility.Public ? "public" : "protected";
            var dispatch = type.TypeKind == TypeKind.Interface ? string.Empty : member.IsStatic ? " static" : member.IsAbstract ? " abstract" : member.IsVirtual ? " virtual" : string.Empty;
            yield return $"{access}{dispatch} {member.ToDisplayString(Names)}";
        }
    }

    private static IEnumerable<INamedTypeSymbol> TypesIn(INamespaceSymbol space) =>
        space.GetTypeMembers().SelectMany(WithNested).Concat(space.GetNamespaceMembers().SelectMany(TypesIn));

    private static IEnumerable<INamedTypeSymbol> WithNested(INamedTypeSymbol type) =>
        type.DeclaredAccessibility == Accessibility.Public ? type.GetTypeMembers().SelectMany(WithNested).Prepend(type) : [];

    private static bool IsShown(ISymbol member) =>
        member.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal
        && member is not INamedTypeSymbol
        && member is not IMethodSymbol { MethodKind: MethodKind.PropertyGet or MethodKind.PropertySet or MethodKind.EventAdd or MethodKind.EventRemove or MethodKind.Destructor };
}
