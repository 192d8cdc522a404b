// These tests set modes and make pipes: the rooms they test run on Linux only in this release.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
