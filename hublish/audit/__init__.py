"""The audit: what sealing looks for in a file's bytes and name.

`inspection.inspect` is the whole of it for one file; everything below it knows one idea:

    fingerprint.py  one pass over a file: size, sha256, git blob id, with the file's identity checked around it
    pickles.py      is this content a pickle, by whatever name?        opcodes.py walks one without executing it
                    (instructions.py: what an opcode reads and does)
    containers.py   zip, tar and compressed files: what do they hold?  expanding.py opens them within bounds
    secrets.py      is there a token or private key in this text?      rules.py lists the kinds
    denied.py       names that never belong in a release
    limits.py       what the Hub's limits say about sizes and counts

Nothing here executes, imports or unpickles what it looks at.
"""
