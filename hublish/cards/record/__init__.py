"""The record of a card: the facts that it states, and their comparison with the card and the files on the Hub.

statements.py      a text in units and words, and the statements of a rendered card
text_comparison.py recorded statements in a card that people have edited
claims.py          numbers that people attribute to a fact in text of their own
alternative_texts.py  other words for the data of a picture
metadata_facts.py  recorded facts of the front matter
false_facts.py     the facts that no longer hold, by their values and texts then and now
fact_names.py      the value of a name among the facts of a release
"""
