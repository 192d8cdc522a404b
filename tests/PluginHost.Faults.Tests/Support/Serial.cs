// Faults are injected one at a time: each looks at what the whole process holds before and after.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
