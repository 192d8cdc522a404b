using System.Globalization;

namespace PluginHost.Runtime.Model;

/// <summary>
/// Tells whether a group is one user's own: many systems give each user a group of the same name and create files writable by it,
/// which lets nobody else in. Known only for groups of the local files; every other group counts as shared.
/// </summary>
internal static class PrivateGroup
{
    /// <summary>Whether nobody but a user is in the group, by this machine's files.</summary>
    public static bool Is(uint group, uint user)
    {
        try
        {
            return Is(group, user, File.ReadLines("/etc/passwd"), File.ReadLines("/etc/group"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A machine without these files cannot show that the group is private.
            return false;
        }
    }

    /// <summary>The same for given lines of the two files.</summary>
    public static bool Is(uint group, uint user, IEnumerable<string> passwd, IEnumerable<string> groups)
    {
        var users = passwd.Select(line => line.Split(':')).Where(parts => parts.Length >= 4).ToList();
        var own = users.FirstOrDefault(parts => parts[2] == user.ToString(CultureInfo.InvariantCulture));
        var id = group.ToString(CultureInfo.InvariantCulture);
        var named = groups.Select(line => line.Split(':')).FirstOrDefault(parts => parts.Length >= 4 && parts[2] == id);
        if (own is null || named is null)
        {
            return false;
        }

        var members = named[3].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return users.Where(parts => parts[3] == id).All(parts => parts[2] == own[2]) && members.All(member => member == own[0]);
    }
}
