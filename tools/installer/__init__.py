"""The steps that make .venv; only the standard library, Python 3.11 or later."""
