"""Whether the benchmarks measure what they say, at a size that fits into the suite."""
