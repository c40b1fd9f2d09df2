"""What every room above may use: errors, progress, durable writing, patterns, digests and the values that flow."""
