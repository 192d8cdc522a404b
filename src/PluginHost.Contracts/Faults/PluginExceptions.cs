namespace PluginHost.Contracts.Faults;

/// <summary>The plugin failed: it threw, crashed, or broke the protocol.</summary>
public sealed class PluginFaultException : PluginException
{
    /// <summary>Creates one. <see cref="Exception.InnerException"/> is never a plugin's own exception: that would root its load context.</summary>
    /// <param name="message">What happened, to which plugin, and what to do.</param>
    /// <param name="fault">The data.</param>
    public PluginFaultException(string message, PluginFault fault)
        : base(message, fault)
    {
    }

    /// <summary>The full name of the exception's type on the plugin's side, or null.</summary>
    public string? RemoteType => Fault.RemoteType;

    /// <summary>The exception's message on the plugin's side, or null.</summary>
    public string? RemoteMessage => Fault.RemoteMessage;

    /// <summary>The stack on the plugin's side as text, or null.</summary>
    public string? RemoteStack => Fault.RemoteStack;
}

/// <summary>The plugin is not running and the call's deadline ended before it was: stopped, restarting, or quarantined.</summary>
public sealed class PluginUnavailableException : PluginException
{
    /// <summary>Creates one.</summary>
    /// <param name="message">What state the plugin is in, since when, and what to do.</param>
    /// <param name="fault">The data.</param>
    public PluginUnavailableException(string message, PluginFault fault)
        : base(message, fault)
    {
    }
}

/// <summary>A call did not finish within its deadline. The plugin was asked to stop working on it.</summary>
public sealed class PluginTimeoutException : PluginException
{
    /// <summary>Creates one.</summary>
    /// <param name="message">Which method took longer than which deadline.</param>
    /// <param name="fault">The data.</param>
    public PluginTimeoutException(string message, PluginFault fault)
        : base(message, fault)
    {
    }
}

/// <summary>Policy, trust or this machine's abilities do not allow the plugin to run or the call to be made.</summary>
public sealed class PluginRefusedException : PluginException
{
    /// <summary>Creates one.</summary>
    /// <param name="message">What is refused, by which rule, and what to do.</param>
    /// <param name="fault">The data.</param>
    public PluginRefusedException(string message, PluginFault fault)
        : base(message, fault)
    {
    }
}

/// <summary>Plugin and host do not agree on a contract.</summary>
public sealed class ContractMismatchException : PluginException
{
    /// <summary>Creates one.</summary>
    /// <param name="message">The contract, the two versions or the missing members, and what to do.</param>
    /// <param name="fault">The data.</param>
    public ContractMismatchException(string message, PluginFault fault)
        : base(message, fault)
    {
    }
}
