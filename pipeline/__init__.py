"""The machine: stages, what flows between them, and the two orders they run in.

Read `publish.py` and `load.py` first: each lists its stages, one a line.
"""
