"""Calls in which a secret is entered, for `tests/test_secrets.py`."""
