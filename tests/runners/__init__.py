"""Runners of background work."""
