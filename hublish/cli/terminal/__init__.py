"""The terminal: streams, colors, progress bars, and the escaping and masking that all output passes through."""
