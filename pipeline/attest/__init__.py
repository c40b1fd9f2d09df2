"""Describe a release, and sign it: its bill of materials, its signature and its claims become files of it."""
