"""Collecting: what lies on disk, what a source means, and which rule lets a file in or keeps it out."""
