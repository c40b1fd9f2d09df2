"""Staged -> Release: hash every file and audit it against the policy."""
