"""What the next command line has to repeat."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Again:
    """Options that the next command line needs again, each with a space before it."""

    manifest: str = ""
    """` -f release/hub.yaml`, for commands that read the manifest."""
    remote: str = ""
    """` --local`, for commands that ask the Hub."""


NOTHING_AGAIN = Again()
