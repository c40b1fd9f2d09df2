"""Where a command reads and writes: streams, colors, progress bars, and the mask that all output passes."""
