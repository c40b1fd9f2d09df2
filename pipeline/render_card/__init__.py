"""Cards: a template and plain data become a README, and neither can become the other.

context.py       what a template gets: the documented names
templates.py     which template it is: a built-in one or a file beside the manifest
evaluation.py    results out of a JSON file, in the form of `model-index`
rendering.py     the template rendered in a child process, within bounds; child.py runs there
escaping.py      how values print: as text, never as markup (shared with the child)
front_matter.py  metadata to and from the block between `---` lines
"""
