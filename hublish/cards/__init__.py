"""The knowledge behind a card: facts about the release, results, pictures, usage, and the merge with people's edits.

Everything here is pure: bytes and values in, values and text out. The stages that render and verify cards use it.

facts/       statements about the release, each computed from a file and naming it
results/     results of evaluations, from the files of evaluation tools to the forms of the Hub
usage/       snippets that load the release with the library that it is made for
sections.py  the sections that a card should have, and those without content
reference.py the page that documents the names of templates
wording.py   numbers, names and lines as a person writes them
named_data.py  the values of the files that a manifest names under `card.data`
discoverability.py  metadata by which readers find, load and count a model
record/      the facts that a card states, and those that no longer hold
charts/      pictures of curves, scores, sizes and splits, drawn as SVG without a library
merging/     the three-way merge of a rendered card with the one that people edited on the Hub
"""
