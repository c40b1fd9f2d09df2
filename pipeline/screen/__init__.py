"""Staged -> Staged: check everything that is known before a file is read."""
