"""The command line.

`commands/` holds one file per command and the list of all of them, `views/` one file per result, `report/` one file
per output format, and `terminal/` everything that writes to a stream. `dispatch.py` runs a command and imports only it.
"""

from hublish.cli.dispatch import extension, main

__all__ = ["extension", "main"]
