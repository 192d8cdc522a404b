using System.Globalization;
using System.Resources;
using Fixtures.Contracts;
using PluginHost.Contracts;

namespace Fixtures.Satellite;

/// <summary>Greets out of satellite assemblies.</summary>
[Plugin]
public sealed class Greeter : IGreeter
{
    private readonly ResourceManager _texts = new("Fixtures.Satellite.Texts", typeof(Greeter).Assembly);

    public string Greet(string culture) => _texts.GetString("Greeting", CultureInfo.GetCultureInfo(culture))!;
}
