"""Drafting: what lies in a folder, what its author would declare, and the commented hub.yaml that says it."""
