"""Every code that hublish shows, explained: `hublish explain CODE`, the rules of SARIF, and a page for each code.

explained.py       the table `EXPLAINED`, the families of codes, and similar codes for a wrong one
entry.py           the form of an entry
yaml_codes.py      mistakes in YAML
manifest_codes.py  mistakes in hub.yaml, and in the JSON documents that hublish writes
release_codes.py   the files of a release and their formats
card_codes.py      the card and its metadata
policy_codes.py    the rules of the audit: files, and the sources that collect them
plan_codes.py      plans that cannot be published, and requests that the Hub refuses
surprise_codes.py  the surprises of a plan
loading_codes.py   verifying, downloading and loading
run_codes.py       failures of a run as a whole
"""
