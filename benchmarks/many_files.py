"""Measure the time and the memory of commands on releases of many small files.

    python benchmarks/many_files.py [FILES...]

Each release has so many files of 2 kB with random content in 100 folders; the default is 5,000, 30,000 and 100,000.
`cold` is the first run with a new HF_HOME, which reads every file; the other runs know all files from it. Each command
runs in its own process: the columns are seconds on the clock, seconds of processor time, and the largest resident
memory of that process. The last rows are with an embedded Hub in its own process, which has the release already.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

COUNTS = (5_000, 30_000, 100_000)
FOLDERS, SIZE = 100, 2_000
BIN = Path(sys.executable).parent
MANIFEST = """repo: {repo_id: acme/many-files}
artifacts:
  - source: files/
    path_in_repo: files
"""
# No Hub is asked: only the environment names one, for commands that need it.
LOCAL = (
    ("files -q, cold", "files -q"),
    ("files -q, again", "files -q"),
    ("files -q --no-cache", "files -q --no-cache"),
    ("files --format json", "files --format json"),
    ("build", "build --out built"),
)
# Before and after the release is published.
NEW = (("plan, new repo", "plan -q --out plan.json"), ("publish plan.json", "publish plan.json -q -y"))
PUBLISHED = (
    ("plan, same files", "plan -q --out plan.json"),
    ("status", "status -q"),
    ("verify", "verify -q"),
)


class Taken(NamedTuple):
    """The cost of one process: seconds on the clock and of the processor, and MB of memory."""

    wall: float
    processor: float
    memory: float


def taken(command: str, folder: Path, environ: dict[str, str]) -> Taken:
    """Run a command of hublish and return its cost."""
    words = [str(BIN / "hublish"), *shlex.split(command)]
    started = time.perf_counter()
    process = subprocess.Popen(words, cwd=folder, env=environ, stdout=subprocess.DEVNULL)
    # The usage of this one child: getrusage(RUSAGE_CHILDREN) gives the maximum of all children.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command}: exit code {process.returncode}")
    return Taken(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


def write_release(folder: Path, count: int) -> None:
    """Write a manifest and small files with random content."""
    (folder / "hub.yaml").write_text(MANIFEST)
    for number in range(FOLDERS):
        (folder / "files" / f"{number:02}").mkdir(parents=True)
    for number in range(count):
        path = f"{folder}/files/{number % FOLDERS:02}/{number:06}.txt"
        with open(path, "wb") as file:
            file.write(os.urandom(SIZE // 2).hex().encode())


@contextmanager
def served(folder: Path, environ: dict[str, str]) -> Iterator[dict[str, str]]:
    """Serve a new Hub and give the environment of its clients."""
    command = [str(BIN / "hublish"), "hub", "serve", "--root", str(folder / "hub"), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        yield environ | dict(word.split("=", 1) for word in shlex.split(server.stdout.readline())[1:])
    finally:
        server.terminate()
        server.communicate()


def measure(count: int) -> None:
    """Print one row for each command."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (release := folder / "release").mkdir()
        write_release(release, count)
        # A change within a tick of the file system's clock counts as racy, and is not kept in the cache.
        time.sleep(0.1)
        environ = os.environ | {"HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_XET": "1"}

        def row(title: str, command: str, environ: dict[str, str]) -> None:
            wall, processor, memory = taken(command, release, environ)
            print(f"{count:>9,}  {title:<22}{wall:>8.2f} s{processor:>8.2f} s{memory:>8.0f} MB", flush=True)

        for title, command in LOCAL:
            row(title, command, environ)
        with served(folder, environ) as hub:
            for title, command in (*NEW, *PUBLISHED):
                row(title, command, hub)


def main(counts: list[int]) -> None:
    """Print the table."""
    print(f"{'files':>9}  {'command':<22}{'clock':>10}{'processor':>10}{'memory':>11}")
    for count in counts:
        measure(count)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or list(COUNTS))
