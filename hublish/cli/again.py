"""What the next command line has to repeat."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Again:
    """Options that the next command line needs again, each with a space before it."""

    file: str = ""
    """` -f release/hub.yaml`, for commands that need its folder alone, or find the variables in a plan."""
    remote: str = ""
    """` --local`, for commands that ask the Hub."""
    settings: str = ""
    """` --set version=1.2.0`, for commands that read the manifest."""

    @property
    def manifest(self) -> str:
        """Return what commands need that read the manifest."""
        return self.file + self.settings


NOTHING_AGAIN = Again()
