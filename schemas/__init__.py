"""The documents hublish reads and writes: manifest, plan, receipt, lock.

They are the lowest layer: frozen pydantic models that reject unknown keys, and the YAML reader that builds them and
reports the line and column of every problem.
"""
