"""What a command costs that needs no network, beside the smallest commands of the client, start-up included.

    python benchmarks/startup.py [ROUNDS]

`hf version` prints a line; `hublish check` reads a manifest, looks for every source, and renders the card.

Every round runs both commands once, in turns; what counts is the ratio of the medians, which holds where times do not.
Both run once before, so that Python's bytecode is there, as it is after an installation, and the client has looked for
updates, as it does once a day. The ratio of processor times stands beside: where other work goes on, trust that one.

Seen with Python 3.11, huggingface_hub 2.4.0 and pydantic 2.14 on two cores, with other work on them:

    hublish check (examples/digits)       254 ms   hf version            317 ms   ratio 0.80, processor 0.88
    hublish check (hub.yaml.example)      280 ms   hf version            328 ms   ratio 0.85, processor 0.86
    hublish files -q                      433 ms   hf version            327 ms   ratio 1.32, processor 1.41
    hublish schema                         67 ms   hf version            307 ms   ratio 0.22, processor 0.22
    hublish --version                      64 ms   hf version            383 ms   ratio 0.17, processor 0.16
    hublish --help                         64 ms   hf --help             570 ms   ratio 0.11, processor 0.11
    hublish check --help                   61 ms   hf download --help    350 ms   ratio 0.17, processor 0.18

Of a check, 120 ms are pydantic's own import, 25 jinja2's and 11 PyYAML's; of `files`, 100 are numpy's.
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
    """Two commands, and the folder both run in."""

    ours: str
    theirs: str
    note: str = ""
    folder: Path = DIGITS

    def row(self, rounds: int) -> tuple[str, ...]:
        """Let both run, in turns, and compare the medians."""
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
    """Of all its processes."""


def taken(command: str, folder: Path) -> Taken:
    """Run a command from its start to its end."""
    program, *arguments = command.split()
    before, started = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([BIN / program, *arguments], cwd=folder, env=environment(), check=True, capture_output=True)
    ended, after = time.perf_counter(), getrusage(RUSAGE_CHILDREN)
    return Taken(ended - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def environment() -> dict[str, str]:
    """Return ours as people have it, with bytecode in use."""
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
        print(f"medians of {rounds} rounds; a ratio under 1 is in favour of hublish\n")
        for contest in contests:
            work, ours, command, theirs, ratio, processor = contest.row(rounds)
            print(f"{work:<36}{ours:>8}   {command:<20}{theirs:>8}   ratio {ratio}, processor {processor}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 11)
