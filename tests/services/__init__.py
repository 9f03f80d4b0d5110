"""Private servers and a browser for tests: of this run alone, in temporary folders, on loopback."""
