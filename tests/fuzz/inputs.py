"""One generated input: what it is read as, its bytes, and how it lies on disk to be replayed."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What an input is given to."""

    MANIFEST = "manifest"
    LOCK = "lock"
    PLAN = "plan"
    RECEIPT = "receipt"
    EVALUATION = "evaluation"


@dataclass(frozen=True, slots=True)
class Input:
    """Bytes for one reader."""

    kind: Kind
    text: bytes
    origin: str
    """Which generator made it."""

    def save(self, folder: Path, fault: str) -> Path:
        """Write it where `make fuzz REPLAY=...` reads it; the name says the fault and the kind."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{fault}-{hashlib.sha256(self.text).hexdigest()[:12]}.{self.kind}"
        path.write_bytes(self.text)
        return path

    @classmethod
    def load(cls, path: Path) -> "Input":
        """Return what `save` wrote; a file of another name is a manifest."""
        suffix = path.suffix.removeprefix(".")
        return cls(Kind(suffix) if suffix in set(Kind) else Kind.MANIFEST, path.read_bytes(), "replayed")
