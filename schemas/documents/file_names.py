"""The names of the files that hublish, git and the Hub give a meaning to."""

from typing import Final

MANIFEST_FILE: Final = "hub.yaml"
"""The manifest, on disk and in the repo, where the load section is read from."""

LOCK_FILE: Final = "hub.lock"
"""The record of the last release, next to the manifest; never part of a release."""

CARD_FILE: Final = "README.md"
"""The card of a repo."""

GITIGNORE: Final = ".gitignore"
"""Makes the Hub drop files from a commit; only the one at the root of the repo counts."""

GITATTRIBUTES: Final = ".gitattributes"
"""The Hub writes this file itself: it is never deleted, and a change of it is never a difference."""

STATE_FOLDER: Final = ".hublish"
"""Holds the embedded Hub, next to the manifest."""
