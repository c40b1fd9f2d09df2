"""Compare hublish with the plain client, side by side in one run, each against its own embedded Hub.

    python benchmarks/publish.py [ROUNDS]

Each round gives both sides new files and a new Hub in its own process, and alternates which side goes first. Compare
the ratio of the medians: on a shared machine times vary from run to run, ratios much less.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.utils import disable_progress_bars

import hublish

FILES, SIZE = 1000, 2000
REPO = "acme/many-files"
BIN = Path(sys.executable).parent
MANIFEST = f"repo: {{repo_id: {REPO}}}\nartifacts:\n  - source: files/\n    path_in_repo: files\n"


@dataclass(frozen=True)
class Hub:
    """An embedded Hub in its own process, and a folder to publish to it."""

    endpoint: str
    token: str
    folder: Path


@dataclass(frozen=True)
class Contest:
    """The same work done by hublish and by the tool that people use without it."""

    work: str
    ours: tuple[str, Callable[[], float]]
    theirs: tuple[str, Callable[[], float]]

    def row(self, rounds: int) -> tuple[str, ...]:
        """Run both in alternation, and compare the medians."""
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(rounds):
            for side in (0, 1) if number % 2 else (1, 0):
                times[side].append((self.ours, self.theirs)[side][1]())
        ours, theirs = map(median, times)
        return (
            self.work,
            f"{self.ours[0]}  {ours:.2f} s",
            f"{self.theirs[0]}  {theirs:.2f} s",
            f"{ours / theirs:.2f}",
        )


@contextmanager
def hub() -> Iterator[Hub]:
    """Serve a new Hub, with new files beside it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_files(folder)
        command = [str(BIN / "hublish"), "hub", "serve", "--root", str(folder / "hub"), "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert server.stdout is not None
            settings = dict(word.split("=", 1) for word in shlex.split(server.stdout.readline())[1:])
            yield Hub(settings["HF_ENDPOINT"], settings["HF_TOKEN"], folder)
        finally:
            server.terminate()
            server.communicate()


def write_files(folder: Path) -> None:
    """Write small files with new random content."""
    (folder / "hub.yaml").write_text(MANIFEST)
    for number in range(FILES):
        path = folder / "files" / f"{number % 20:02}" / f"{number:04}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(SIZE // 2).hex().encode())


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def hublish_publishes(hub: Hub) -> None:
    """Plan, publish in one commit, verify and lock."""
    hublish.publish(hub.folder / "hub.yaml", endpoint=hub.endpoint, token=hub.token)


def client_publishes(hub: Hub) -> None:
    """Publish as the client's documentation recommends."""
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo(REPO, exist_ok=True)
    api.upload_folder(repo_id=REPO, folder_path=hub.folder / "files", path_in_repo="files")


def hublish_pulls(hub: Hub) -> None:
    """Download everything and compare every byte with its digest."""
    hublish.pull(REPO, endpoint=hub.endpoint, token=hub.token, cache_dir=hub.folder / "ours")


def client_pulls(hub: Hub) -> None:
    """Download everything."""
    snapshot_download(REPO, endpoint=hub.endpoint, token=hub.token, cache_dir=hub.folder / "theirs")


def on_a_new_hub(work: Callable[[Hub], None], *before: Callable[[Hub], None]) -> Callable[[], float]:
    """Time `work` alone, without the steps before it and the start of the Hub."""

    def measure() -> float:
        with hub() as served:
            for step in before:
                step(served)
            return timed(lambda: work(served))

    return measure


def main(rounds: int) -> None:
    """Print a table of medians."""
    disable_progress_bars()
    contests = (
        Contest(
            f"publish {FILES:,} files",
            ("hublish.publish", on_a_new_hub(hublish_publishes)),
            ("upload_folder", on_a_new_hub(client_publishes)),
        ),
        Contest(
            f"download {FILES:,} files",
            ("hublish.pull", on_a_new_hub(hublish_pulls, client_publishes)),
            ("snapshot_download", on_a_new_hub(client_pulls, client_publishes)),
        ),
    )
    print(f"medians of {rounds} rounds; a ratio below 1 favors hublish\n")
    for contest in contests:
        work, ours, theirs, ratio = contest.row(rounds)
        print(f"{work:<26}{ours:>26}{theirs:>28}   ratio {ratio}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 5)
