"""Time commands that need no network beside the smallest commands of the client, start-up included.

    python benchmarks/startup.py [ROUNDS]

`hf version` prints one line; `hublish check` reads a manifest, checks every source, and renders the card.

Every round runs both commands once, in alternation. Compare the ratio of the medians, which is stable where times are
not. Both commands run once before, so that Python's bytecode exists, as after an installation, and the client has done
its daily check for updates. On a busy machine the ratio of processor times is the more reliable one.

Measured with Python 3.11, huggingface_hub 2.4.0 and pydantic 2.14 on two cores, whose speed varied:

    hublish check (examples/digits)       362 ms   hf version            344 ms   ratio 1.05, processor 1.33
    hublish check (hub.yaml.example)      372 ms   hf version            395 ms   ratio 0.94, processor 1.14
    hublish files -q                      696 ms   hf version            523 ms   ratio 1.33, processor 1.77
    hublish schema                        112 ms   hf version            518 ms   ratio 0.22, processor 0.22
    hublish --version                      90 ms   hf version            488 ms   ratio 0.18, processor 0.18
    hublish --help                         83 ms   hf --help             798 ms   ratio 0.10, processor 0.10
    hublish check --help                  102 ms   hf download --help    616 ms   ratio 0.17, processor 0.16

By instructions (valgrind --tool=callgrind), a check takes as many as `hf version`. Importing pydantic takes a third of
them, and compiling the methods of dataclasses and named tuples another quarter. jinja2 loads in
a child process meanwhile, as far as there is a second core. Importing numpy takes a quarter of the time of `files`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import NamedTuple

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[1]
DIGITS = ROOT / "examples" / "digits"


@dataclass(frozen=True)
class Contest:
    """Two commands and the folder in which both run."""

    ours: str
    theirs: str
    note: str = ""
    folder: Path = DIGITS

    def row(self, rounds: int) -> tuple[str, ...]:
        """Run both in alternation, and compare the medians."""
        for command in (self.ours, self.theirs):
            taken(command, self.folder)
        times: tuple[list[Taken], list[Taken]] = ([], [])
        for number in range(rounds):
            for side in (0, 1) if number % 2 else (1, 0):
                times[side].append(taken((self.ours, self.theirs)[side], self.folder))
        ours, theirs = (Taken(*map(median, zip(*side, strict=True))) for side in times)
        return (
            f"{self.ours}{self.note}",
            f"{ours.clock * 1000:.0f} ms",
            self.theirs,
            f"{theirs.clock * 1000:.0f} ms",
            f"{ours.clock / theirs.clock:.2f}",
            f"{ours.processor / theirs.processor:.2f}",
        )


class Taken(NamedTuple):
    """Seconds that a command took."""

    clock: float
    processor: float
    """Summed over all its processes."""


def taken(command: str, folder: Path) -> Taken:
    """Run a command from its start to its end."""
    program, *arguments = command.split()
    before, started = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([BIN / program, *arguments], cwd=folder, env=environment(), check=True, capture_output=True)
    ended, after = time.perf_counter(), getrusage(RUSAGE_CHILDREN)
    return Taken(ended - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def environment() -> dict[str, str]:
    """Return the environment as users have it, with bytecode in use."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def write_example(folder: Path) -> Path:
    """Write hub.yaml.example as hub.yaml, with the sources that it names."""
    shutil.copyfile(ROOT / "hub.yaml.example", folder / "hub.yaml")
    shutil.copytree(DIGITS / "runs", folder / "runs")
    shutil.copyfile(DIGITS / "runs" / "best" / "metrics.json", folder / "metrics.json")
    return folder


def main(rounds: int) -> None:
    """Print a table of medians."""
    with tempfile.TemporaryDirectory() as temporary:
        example = write_example(Path(temporary))
        contests = (
            Contest("hublish check", "hf version", " (examples/digits)"),
            Contest("hublish check", "hf version", " (hub.yaml.example)", example),
            Contest("hublish files -q", "hf version"),
            Contest("hublish schema", "hf version"),
            Contest("hublish --version", "hf version"),
            Contest("hublish --help", "hf --help"),
            Contest("hublish check --help", "hf download --help"),
        )
        print(f"medians of {rounds} rounds; a ratio below 1 favors hublish\n")
        for contest in contests:
            work, ours, command, theirs, ratio, processor = contest.row(rounds)
            print(f"{work:<36}{ours:>8}   {command:<20}{theirs:>8}   ratio {ratio}, processor {processor}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 11)
