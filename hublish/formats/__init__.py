"""Formats: one a file, dump and load facing each other, found through `registry.py`."""
