"""A busy line: thousands of calls at once on two processes that are killed over and over."""
