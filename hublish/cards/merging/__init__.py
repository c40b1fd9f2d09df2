"""Merge the rendered card with the one that people edited on the Hub. The base is our last rendering, by its outline.

merge.py          the merge of two cards
card_parts.py     front matter and text of a card, and the outline of a rendered one
body.py           the text, block by block
blocks.py         Markdown as blocks
hunks.py          the changes of one side, and blocks of ours that people deleted
alignment.py      the blocks that two texts have in common
metadata.py       the metadata, key by key
metadata_tree.py  metadata as a tree of named values
yaml_nodes.py     front matter with the place of every value
yaml_edits.py     edits in place, which leave all other lines as they are
"""
