// The native library of the tests about two versions side by side: both have one name, and a state of their own.
static int calls;

int fixture_version(void) { return VERSION; }

int fixture_calls(void) { return ++calls; }
