"""Stages: one a file, one frozen class each, never importing each other."""
