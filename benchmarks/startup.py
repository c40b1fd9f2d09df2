"""What a command costs that needs no network, beside the smallest commands of the client, start-up included.

    python benchmarks/startup.py [ROUNDS]

Every round runs both commands once, in turns; what counts is the ratio of the medians, which holds where times do not.
Both run once before, so that Python's bytecode is there, as it is after an installation.
`hf version` prints a line; `hublish check` reads a manifest, looks for every source, and renders the card.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

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
            seconds(command, self.folder)
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(rounds):
            for side in (0, 1) if number % 2 else (1, 0):
                times[side].append(seconds((self.ours, self.theirs)[side], self.folder))
        ours, theirs = map(median, times)
        return (
            f"{self.ours}{self.note}",
            f"{ours * 1000:.0f} ms",
            self.theirs,
            f"{theirs * 1000:.0f} ms",
            f"{ours / theirs:.2f}",
        )


def seconds(command: str, folder: Path) -> float:
    """Seconds from the start of a command to its end."""
    program, *arguments = command.split()
    started = time.perf_counter()
    subprocess.run([BIN / program, *arguments], cwd=folder, env=environment(), check=True, capture_output=True)
    return time.perf_counter() - started


def environment() -> dict[str, str]:
    """Return ours, with bytecode in use, and nothing looked up online: the network is not what is measured."""
    rest = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**rest, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1"}


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
            work, ours, command, theirs, ratio = contest.row(rounds)
            print(f"{work:<36}{ours:>8}   {command:<20}{theirs:>8}   ratio {ratio}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 11)
