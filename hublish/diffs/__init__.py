"""The changes inside of files: lines of text, keys of JSON, tensors, tables and members of archives.

Everything here is pure: the contents of a file before and after in, values out. Bytes may be hostile, and are read
within limits: headers and heads, through `Content.read_at`.

differences.py    the values that views, pages and documents show
compare_files.py  the entry: one file before and after, by the way that shows most
compare_trees.py  the files of two releases: shards as one checkpoint, renamed files, all others
text_diff.py      lines of texts in any encoding, cut and without credentials
line_diff.py      the shortest list of edits between two sequences, and hunks
named_parts.py    entries of files whose parts have names, which the formats below share
json_diff.py      keys of JSON
table_diff.py     columns and rows of Parquet, csv and JSON Lines
tensor_diff.py    tensors by name, type and shape
tensor_heads.py   the tensors that a file describes in its header
tensor_values.py  the largest difference between two tensors, which reads their values
limited_reads.py  a limit for readers that follow a file to its end
archive_diff.py   members of zip and tar archives
"""
