"""The command line: `commands/` holds one file a command, `views/` one file a result.

`catalogue.py` lists every command, `dispatch.py` runs the one that was asked for, and only that one is imported.
"""

from hublish.cli.dispatch import main

__all__ = ["main"]
