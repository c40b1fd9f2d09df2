"""Shared by all packages above: content, values, errors, progress, workers, durable writing, patterns and digests."""
