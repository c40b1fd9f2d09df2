"""hublish: the release tool for the Hugging Face Hub."""

from hublish._version import __version__

__all__ = ["__version__"]
