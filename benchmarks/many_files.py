"""Measure the time and the memory of commands on releases of many small files.

    python benchmarks/many_files.py [FILES...]

Each release has so many files of 2 kB with random content; the default is 5,000, 30,000 and 100,000. `cold` is the
first run with a new HF_HOME, which reads every file; the other runs know all files from it. The columns are seconds on
the clock, seconds of processor time, and the largest resident memory of one process. The last rows are with an embedded
Hub in its own process, which has the release already.
"""

import sys
import tempfile
import time
from pathlib import Path

from speed import BIN, texts

COUNTS = (5_000, 30_000, 100_000)
COMMANDS = (
    # No Hub is asked: only the environment names one, for commands that need it.
    ("files -q, cold", "files -q"),
    ("files -q, again", "files -q"),
    ("files -q --no-cache", "files -q --no-cache"),
    ("files --format json", "files --format json"),
    ("build", "build --out built"),
    # Before and after the release is published.
    ("plan, new repo", "plan -q --out plan.json"),
    ("publish plan.json", "publish plan.json -q -y"),
    ("plan, same files", "plan -q --out plan.json"),
    ("status", "status -q"),
    ("verify", "verify -q"),
)


def measure(count: int) -> None:
    """Print one row for each command."""
    with tempfile.TemporaryDirectory() as temporary:
        release = texts(Path(temporary, "release"), count)
        # A change within a tick of the file system's clock counts as racy, and is not kept in the cache.
        time.sleep(0.1)
        with release.hub() as settings:
            for title, command in COMMANDS:
                taken = release.run(f"{BIN}/hublish {command}", **settings, HF_HUB_DISABLE_XET="1")
                seconds = f"{taken.seconds:>8.2f} s{taken.processor:>8.2f} s"
                print(f"{count:>9,}  {title:<22}{seconds}{taken.megabytes:>8.0f} MB", flush=True)


def main(counts: list[int]) -> None:
    """Print the table."""
    print(f"{'files':>9}  {'command':<22}{'clock':>10}{'processor':>10}{'memory':>11}")
    for count in counts:
        measure(count)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or list(COUNTS))
