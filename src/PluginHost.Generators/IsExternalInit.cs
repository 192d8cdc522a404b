namespace System.Runtime.CompilerServices;

/// <summary>Lets records compile for netstandard2.0, which a compiler's extension must target.</summary>
internal static class IsExternalInit;
