"""What a manifest can say of each format, one a file: its name, its suffix, its options. Nothing here reads a byte."""
