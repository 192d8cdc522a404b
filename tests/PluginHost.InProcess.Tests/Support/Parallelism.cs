// Forced collections and counts of load contexts are process-wide.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
