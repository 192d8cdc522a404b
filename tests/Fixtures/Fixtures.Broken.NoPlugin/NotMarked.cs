namespace Fixtures.Broken.NoPlugin;

/// <summary>Its author forgot [Plugin].</summary>
public sealed class NotMarked;
