"""`python -m hublish` is `hublish`."""

import sys

from hublish.cli import main

if __name__ == "__main__":
    sys.exit(main())
