"""The only YAML reader and writer: plain data that knows its places, and exact errors for broken text."""
