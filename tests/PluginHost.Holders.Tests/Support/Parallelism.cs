// Forced collections, dumps of the process and leaks on purpose are process-wide.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
