"""Explain why a file is included in a release or excluded from it, by the rules that decide it when releasing.

path_lookup.py    from a path that the user typed to the files that it names
release_rules.py  every rule, evaluated for one file
"""
