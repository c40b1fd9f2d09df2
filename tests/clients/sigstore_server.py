"""A private Sigstore on loopback, which node runs: see js/sigstore.mjs."""

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INSTALLED = Path(__file__).parents[2] / ".venv-clients"
SCRIPT = Path(__file__).parent / "js" / "sigstore.mjs"


@dataclass(frozen=True)
class Sigstore:
    """A running instance."""

    url: str

    @property
    def trust_config(self) -> bytes:
        """What clients need to trust it: a ClientTrustConfig."""
        return self._get("trust-config")

    @property
    def made(self) -> dict[str, Any]:
        """The numbers of certificates and of entries in the log."""
        made: dict[str, Any] = json.loads(self._get("made"))
        return made

    def _get(self, name: str) -> bytes:
        with urllib.request.urlopen(f"{self.url}/{name}") as response:
            content: bytes = response.read()
        return content


@contextmanager
def running(folder: Path, audiences: Mapping[str, str], log_minutes: int = 0) -> Iterator[Sigstore]:
    """Serve an instance during a `with` block.

    Args:
        folder: an empty folder, from which node finds the packages.
        audiences: the audience that ID tokens must have, by their issuer.
        log_minutes: by which the clock of the log is ahead of that of the certificates.
    """
    folder.mkdir(parents=True)
    shutil.copy(SCRIPT, folder)
    (folder / "node_modules").symlink_to(INSTALLED / "js" / "node_modules")
    settings = json.dumps({"audiences": audiences, "logMinutes": log_minutes})
    command = [str(INSTALLED / "bin" / "node"), SCRIPT.name, settings]
    # It ends when its input does: the command is a wrapper, which would not pass on a signal.
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield Sigstore(process.stdout.readline().strip())
