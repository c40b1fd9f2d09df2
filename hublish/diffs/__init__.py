"""The changes inside of files: lines of text, keys of JSON, tensors, tables and members of archives.

Everything here is pure: the contents of a file before and after in, values out. Bytes may be hostile, and are read
within limits: headers and heads, through `Content.read_at`.

differences.py    the values that views, pages and documents show
compare_files.py  the entry: one file before and after
"""
