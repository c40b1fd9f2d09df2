"""The three processes of a release, each measured: publisher, puller and server."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# Bytes of memory that no process may exceed, for releases of any size.
LIMIT = 250 << 20

PEAK = "\npeak memory: "
_COMMAND = f"""
import sys
from pathlib import Path
from hublish.cli import main
code = main(sys.argv[1:])
(line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print({PEAK!r} + line.split()[1], file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Figure:
    """Time and memory of one process."""

    release: str
    by: str
    process: str
    seconds: float
    peak: int
    """Peak bytes of memory, including shared libraries."""


@dataclass
class Hub:
    """An embedded Hub in its own process."""

    release: str
    by: str
    root: Path
    environ: Mapping[str, str]
    endpoint: str
    token: str
    process: int
    started: float = field(default_factory=time.perf_counter)
    figures: list[Figure] = field(default_factory=list)

    def figure(self) -> Figure:
        """Return the server's own time and memory so far."""
        seconds = time.perf_counter() - self.started
        return Figure(self.release, self.by, "hub serve", seconds, _peak_of(self.process))

    def hublish(self, *words: str) -> str:
        """Run one command in its own process, and return its output."""
        started = time.perf_counter()
        command = [sys.executable, "-c", _COMMAND, *words]
        done = subprocess.run(command, env=self.environ, cwd=self.root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout
        peak = int(done.stderr.rpartition(PEAK)[2]) << 10
        self.figures.append(Figure(self.release, self.by, words[0], time.perf_counter() - started, peak))
        return done.stdout


@contextmanager
def serving(release: str, by: str, folder: Path) -> Iterator[Hub]:
    """Serve a new Hub from `folder`."""
    command = [sys.executable, "-m", "hublish", "hub", "serve", "--root", str(folder / "hub")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environ(folder, by)) as server:
        try:
            assert server.stdout is not None
            settings = dict(word.split("=", 1) for word in shlex.split(server.stdout.readline())[1:])
            environ = _environ(folder, by) | settings
            yield Hub(release, by, folder, environ, settings["HF_ENDPOINT"], settings["HF_TOKEN"], server.pid)
        finally:
            server.terminate()


def _environ(folder: Path, by: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "MALLOC_"))}
    own = {"HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_TELEMETRY": "1", "TMPDIR": str(folder)}
    return inherited | own | ({"HF_HUB_DISABLE_XET": "1"} if by == "lfs" else {})


def _peak_of(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10
