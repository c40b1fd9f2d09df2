"""The reference of the documentation, written from the code while mkdocs builds the site; nothing of it is committed.

Prose is in the pages below `docs/`. A comment in them, `<!-- generate: exit codes -->`, gives the place of a part, and
`pages.py` lists the parts, and the pages that are generated as a whole.
"""
