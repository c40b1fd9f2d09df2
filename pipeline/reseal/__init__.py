"""Publish an earlier release again."""
