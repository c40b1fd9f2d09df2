"""Keyless signatures of a private Sigstore, which `tests.clients.record_signatures` has recorded."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded.json"
WORKFLOW = "acme/training/.github/workflows/release.yml@refs/tags/v1"
IDENTITY = f"https://github.com/{WORKFLOW}"
REPO = "acme/digits"


@dataclass(frozen=True)
class Recorded:
    """A bundle, and what a reader needs to trust it."""

    bundle: dict[str, Any]
    trust_config: bytes
    provider: str


def recorded(name: str = "valid") -> Recorded:
    """Return a recorded signature: `valid`, or `late`, which was logged after its certificate had expired."""
    known = json.loads(RECORDED.read_bytes())
    found = known[name]
    return Recorded(found["bundle"], json.dumps(found["trust_config"]).encode(), known["issuer"])


def recorded_release() -> dict[str, bytes]:
    """Return the files of a release of REPO that the signer of `valid` has signed."""
    files = json.loads(RECORDED.read_bytes())["release"]
    return {name: base64.b64decode(content) for name, content in files.items()}
