"""One generated input: its kind, its bytes, and its form on disk for a replay; and a fault that it reveals."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """The reader of an input."""

    MANIFEST = "manifest"
    LOCK = "lock"
    PLAN = "plan"
    RECEIPT = "receipt"
    EVALUATION = "evaluation"
    FILE = "file"
    """For the audit: it may contain a pickle."""
    CLEAN_FILE = "clean"
    """For the audit, which must pass it."""


@dataclass(frozen=True, slots=True)
class Input:
    """Bytes for one reader."""

    kind: Kind
    text: bytes
    origin: str
    """The generator that made it."""

    def save(self, folder: Path, fault: str) -> Path:
        """Write it for `make fuzz REPLAY=...`, with the fault and the kind in its name."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{fault}-{hashlib.sha256(self.text).hexdigest()[:12]}.{self.kind}"
        path.write_bytes(self.text)
        return path

    @classmethod
    def load(cls, path: Path, otherwise: Kind = Kind.MANIFEST) -> "Input":
        """Return the input that `save` wrote; a file with another suffix is of the kind `otherwise`."""
        suffix = path.suffix.removeprefix(".")
        return cls(Kind(suffix) if suffix in set(Kind) else otherwise, path.read_bytes(), "replayed")


@dataclass(frozen=True, slots=True)
class Fault:
    """An invariant that an input violates."""

    fault: str
    """One word, which becomes part of a file name."""
    message: str
    kind: Kind = Kind.MANIFEST
    text: bytes = b""
