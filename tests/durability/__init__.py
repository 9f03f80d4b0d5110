"""What a call survives: retries, races, crashes, outages. Each module is one experiment."""
