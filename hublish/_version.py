"""The one place the version is written; the wheel and `hublish --version` read it."""

__version__ = "0.1.0"
