"""Every code that hublish shows, explained: `hublish explain CODE`, the rules of SARIF, and a page for each code.

explained.py       the table `EXPLAINED`, the families of codes, and similar codes for a wrong one
entry.py           the form of an entry
policy_codes.py    the rules of the audit: files, and the sources that collect them
"""
