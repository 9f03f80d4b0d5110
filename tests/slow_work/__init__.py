"""The examples with background work, walked all through with each runner."""
