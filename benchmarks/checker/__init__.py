"""The checker: generated phone trees of any size, and the examples, explored to the end."""
