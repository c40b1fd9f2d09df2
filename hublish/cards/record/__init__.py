"""The record of a card: the facts that it states, and their comparison with the card and the files on the Hub.

markdown_units.py  a text in paragraphs, rows and lines, and these in words
statements.py      the statements of a rendered card
shown_values.py    whether a text shows a value, given another text that shows another value
text_comparison.py recorded statements in a card that people have edited
metadata_facts.py  recorded facts of the front matter
fact_names.py      the value of a name among the facts of a release
"""
