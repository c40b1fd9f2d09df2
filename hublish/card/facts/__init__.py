"""Facts: statements about a release that can be computed again from its files.

fact.py  one fact, and the facts of a release as plain data for templates
"""
