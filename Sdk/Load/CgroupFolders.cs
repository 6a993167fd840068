namespace Fairway.Sdk.Load;

/// <summary>Finds the folders that hold this process's limits, by <c>/proc/self/cgroup</c> and <c>/proc/self/mountinfo</c> (proc(5), cgroups(7)).</summary>
internal static class CgroupFolders
{
    /// <summary>The process's own folder first, then its parents up to the mount; of v1 and of v2, whichever is there.</summary>
    public static IEnumerable<string> Find(string root, string controller)
    {
        var groups = ReadLines(Path.Combine(root, "proc/self/cgroup"));
        foreach (var mount in ReadLines(Path.Combine(root, "proc/self/mountinfo")).Select(Mount.Parse).OfType<Mount>())
        {
            if (!mount.Holds(controller) || GroupPath(groups, mount.IsV2 ? "" : controller) is not { } path)
            {
                continue;
            }

            var top = Path.Combine(root, mount.Point.TrimStart('/'));
            for (var folder = Relative(path, mount.Root); ; folder = folder[..folder.LastIndexOf('/')])
            {
                yield return top + folder;
                if (folder.Length == 0)
                {
                    break;
                }
            }
        }
    }

    /// <summary>Lines are <c>id:controllers:path</c>; v2 has no controllers.</summary>
    private static string? GroupPath(string[] lines, string controller) =>
        lines.Select(line => line.Split(':', 3))
            .Where(parts => parts.Length == 3 && parts[1].Split(',').Contains(controller))
            .Select(parts => parts[2])
            .FirstOrDefault();

    /// <summary>A container without a cgroup namespace sees the host's path in its cgroup file, of which the mount shows the end only.</summary>
    private static string Relative(string path, string mountRoot)
    {
        var root = mountRoot.TrimEnd('/');
        var below = root.Length > 0 && path.StartsWith(root, StringComparison.Ordinal) ? path[root.Length..] : path;
        return below.Length == 0 || below[0] != '/' || below.Contains("/..", StringComparison.Ordinal) ? "" : below.TrimEnd('/');
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private sealed record Mount(string Root, string Point, bool IsV2, string[] Options)
    {
        /// <summary>Fields: id parent device root point options [optional...] - type source super-options.</summary>
        public static Mount? Parse(string line)
        {
            var fields = line.Split(' ');
            var dash = Array.IndexOf(fields, "-");
            if (dash < 6 || fields.Length < dash + 4 || fields[dash + 1] is not ("cgroup" or "cgroup2"))
            {
                return null;
            }

            return new Mount(fields[3], fields[4], fields[dash + 1] == "cgroup2", fields[dash + 3].Split(','));
        }

        public bool Holds(string controller) => IsV2 || Options.Contains(controller);
    }
}
