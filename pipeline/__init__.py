"""The stages of publishing and loading, and the two orders they run in.

Read `publish.py` and `load.py` first: each lists its stages, one a line.
"""
