"""Private servers for tests: of this run alone, in a temporary folder, on the loopback device."""
