"""The documents hublish reads and writes: manifest, plan, receipt, lock.

They are the lowest layer: frozen pydantic models that refuse unknown keys, and the reader that turns YAML
into them with a line and a column for every problem.
"""
