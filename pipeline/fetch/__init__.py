"""Downloading: where files land, what was promised about them, and whether they keep it."""
