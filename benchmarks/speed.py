"""Compare the commands of hublish with the tools that people use without it, in one run.

    python benchmarks/speed.py [--rounds N] [--gib N] [--many N] [PART ...]

Every row alternates our command with the reference command, and prints the medians, their ratio and the goal for it.
On a shared machine times vary from run to run, ratios much less. PART limits the run to rows whose names contain it.

Commands run as a user runs them: a new process each, start-up included, against an embedded Hub in a process of its
own. Cold rows have a new Hub and a new HF_HOME each time; all files are in the page cache.

README.md quotes a run. By the profiles of `make bench-profile`, this keeps rows above their goals on two cores, where
other work on the machine moves ratios by a fifth from run to run:

* plan, nothing changed, took 0.39 s on an idle machine and 0.69 s on a busy one, of which importing the client took
  0.20, and the model of the manifest 0.13, with 0.07 for pydantic. The bytes of the files are not read.
* publish, 1 GiB: both tools read 2.16 GB in 18,000 calls without xet. Of 5.5 s, starting takes 0.68, 0.24 of it the
  import of the client; digests and audit 1.3 on two cores, which they keep busy to nine tenths (SHA-256 0.84 s of
  processor time, SHA-1 for git's blob id 0.78); the new repo 0.15; sending 3.3, in which the thread of the Hub works
  for 3.3 s and the client for 0.7. `hf upload` computes no SHA-1. To compute it from the bytes that are sent would
  save 0.4 s by this profile, and is not possible: the plan, which comes first, knows files by their blob id as well.
  With xet, hf_xet hashes again what it sends: 1.08 GB more are read, 2.17 against 1.09 GB. A second xorb in flight
  saves no time (`hublish/hub/client/xet_memory.py` has the figures), and takes 64 MB more.
* publish, 5,000 files: the client's process takes 2.5 s of processor time, against 0.9 s. By samples of it, 23 % are
  the audit, which a second process shares, 19 % the plan's digest and the lock, 16 % the upload in parts, of which
  half is the client's own code, 8 % the new repo and its state, and most of the rest imports. Two thirds of the digest
  and the lock were the search for credentials; it omits digests of files now, and takes half of the time: 43 in place
  of 83 ms for the plan. The text of a plan takes 74 ms, as the compiled encoder of the standard library writes
  no indentation. Bytes and calls are those of `hf upload`: 26 and 30 MB, 11,000 and 12,000 opened files. Of about 60
  requests, 20 ask for upload modes, eight at once, and 12 list the tree twice, before the merge and after it. The
  others are answered within milliseconds, except for six commits. Preparing a part outside of the client's call is 3 %
  of the profile, and the lock 8 %: to overlap both with the Hub's work would save 0.2 s at most, and was not tried,
  since it needs a thread that sends. Eight threads that seal took twice as long as one.
* pull with xet: a file is checked when it has arrived, and the last one after all downloads. With buffers of 64 MB for
  all files it took 5.0 s, 1.2 to 1.3 of the reference; with 128 MB 4.8 s, and with 160 or 192 MB 3.4 to 3.5 s.
* 100,000 files, at 2.8 s with an idle machine and 3.7 s with a busy one; listing them with their `stat` takes 0.20 s
  alone. Each costs 0.1 ms of audit, which a second process shares, and 0.035 ms for the rest. That is all that is left
  the second time, in one process, in microseconds: 3.4 for listing it with its `stat`, 3.2 for the second `stat` that
  finds a change since, 7 for its key, entry and checksum in the cache, 2 for its name's rules, 15 for the values of
  each stage, 1.5 for masked output; and 0.3 s to start. Searching 500 names at once, tuples in place of dataclasses,
  one scan of the cache and no garbage collection saved a quarter. The second `stat` notices a change that came after
  the listing.
* check: `python -c pass` takes 0.01 s, `import pydantic` 0.08, and the model of the manifest 0.13; `hf version` takes
  0.22, so that the goal is 0.15. Of the 0.27 s of a check, importing pydantic takes a fifth, compiling the methods of
  dataclasses and named tuples a quarter, and regular expressions an eighth, of which half are pydantic's, yaml's and
  those of the standard library. Since cards show facts, results and pictures of the release, a check of one also
  derives them, and imports 48 further modules: 0.08 s. All work after the imports takes 0.04 s. The process that
  renders the card compiles the template meanwhile, and slows this one down: without it, the card is reached 0.03 to
  0.09 s earlier. A decorator that compiles methods of dataclasses when they are called first saved 42 of 381 ms, and
  keeping the compiled template beside Python's bytecode 18 of 456. Both were taken back: readers would have to learn a
  second kind of dataclass, and to trust a second kind of bytecode.
"""

import argparse
import compileall
import importlib.metadata
import json
import os
import platform
import shlex
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from statistics import median
from typing import NamedTuple

import hublish

BIN = Path(sys.executable).parent
REPO = "acme/release"
PUBLISH = f"{BIN}/hublish publish --yes --quiet"
PLAN = f"{BIN}/hublish plan --quiet"
FILES = f"{BIN}/hublish files --quiet"
UPLOAD = f"{BIN}/hf upload --quiet {REPO} files ."
PULL = f"{BIN}/hublish pull --quiet {REPO}"
DOWNLOAD = f"{BIN}/hf download --quiet {REPO} && {BIN}/hf cache verify --quiet {REPO}"
SIGN = f"{PUBLISH} --file signed.yaml"
VERIFIED_PULL = f"{PULL} --trust-policy reader/trust.yaml"
# The tools of coreutils on all cores, each file by one process.
SHA256SUM = "find files -type f -print0 | xargs -0 -n {batch} -P $(nproc) sha256sum"
MANIFEST = f"repo: {{repo_id: {REPO}}}\nartifacts:\n  - {{source: files/}}\n"
SIGNED_MANIFEST = f"{MANIFEST}sign: {{method: key, private_key: reader/acme.pem}}\n"
TRUST = """\
signers: {acme: {public_key: acme.pub}}
rules: [{repos: [acme/*], signers: [acme], require: [signature, provenance]}]
"""
_BLOCK = 16 << 20


class Taken(NamedTuple):
    """The cost of a command from its start to its end."""

    seconds: float
    megabytes: float
    """The largest resident set of one of its processes."""
    processor: float
    """Seconds of all its processes."""


@dataclass(frozen=True)
class Row:
    """The same work done by hublish and by the tool that people use without it."""

    work: str
    names: tuple[str, str]
    sides: tuple[Callable[[], Taken], Callable[[], Taken]]
    goal: str

    def measured(self, rounds: int) -> tuple[str, ...]:
        """Run both in alternation, and compare the medians."""
        found: tuple[list[Taken], list[Taken]] = ([], [])
        for number in range(rounds):
            for side in (0, 1) if number % 2 else (1, 0):
                found[side].append(self.sides[side]())
        ours, theirs = (Taken(*map(median, zip(*side, strict=True))) for side in found)
        return (
            self.work,
            f"`{self.names[0]}`",
            f"{ours.seconds:.2f} s",
            f"{ours.megabytes:.0f} MB",
            f"`{self.names[1]}`",
            f"{theirs.seconds:.2f} s",
            f"{ours.seconds / theirs.seconds:.2f}",
            self.goal,
        )


@dataclass(frozen=True)
class Place:
    """A project with its files, in which commands run."""

    folder: Path

    def size(self) -> str:
        """Return the size of the files."""
        return f"{sum(path.stat().st_size for path in (self.folder / 'files').iterdir()) >> 30} GiB"

    def count(self) -> str:
        """Return the number of files in folders."""
        return f"{sum(1 for _ in (self.folder / 'files').glob('*/*')):,} files"

    def run(self, command: str, **variables: str) -> Taken:
        """Run a command of the shell."""
        environment = {**os.environ, "HF_HUB_DISABLE_UPDATE_CHECK": "1", **variables}
        # As after an installation: the interpreter keeps the bytecode that it compiles.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        started = time.perf_counter()
        process = subprocess.Popen(
            ["sh", "-c", command],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        errors = process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        processor = usage.ru_utime + usage.ru_stime
        taken = Taken(time.perf_counter() - started, usage.ru_maxrss / 1024, processor)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{command}: exit code {process.returncode}\n{errors}")
        return taken

    @contextmanager
    def hub(self) -> Iterator[Mapping[str, str]]:
        """Serve a new Hub in its own process, and give the variables of a user with a new HF_HOME."""
        with tempfile.TemporaryDirectory(dir=self.folder.parent) as temporary:
            serve = [f"{BIN}/hublish", "hub", "serve", "--root", f"{temporary}/hub", "--port", "0"]
            server = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            try:
                assert server.stdout is not None
                settings = dict(word.split("=", 1) for word in shlex.split(server.stdout.readline())[1:])
                yield {**settings, "HF_HOME": f"{temporary}/home"}
            finally:
                server.terminate()
                server.communicate()
                for lock in self.folder.glob("*.lock"):
                    lock.unlink()

    def on_a_new_hub(self, command: str, *before: str, **variables: str) -> Callable[[], Taken]:
        """Time one command, without the commands before it, the start of the Hub and the HF_HOME they fill."""

        def measure() -> Taken:
            with self.hub() as settings:
                for step in before:
                    self.run(step, **settings, **variables)
                return self.run(command, **{**settings, "HF_HOME": f"{settings['HF_HOME']}-new"}, **variables)

        return measure

    def cold(self, command: str) -> Callable[[], Taken]:
        """Time one command that asks no Hub, with a new HF_HOME."""

        def measure() -> Taken:
            with tempfile.TemporaryDirectory() as home:
                return self.run(command, HF_HOME=home)

        return measure


def weights(folder: Path, gib: int) -> Place:
    """Write four safetensors files of random float32 values."""
    for number in range(4):
        size = gib << 28
        header = json.dumps({"w": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
        with _file(folder, f"model-{number + 1:05}-of-00004.safetensors").open("wb") as stream:
            stream.write(struct.pack("<Q", len(header)) + header)
            for _ in range(0, size, _BLOCK):
                stream.write(os.urandom(_BLOCK))
    return Place(folder)


def texts(folder: Path, count: int) -> Place:
    """Write text files of 2 kB with random content, 250 in a folder."""
    for first in range(0, count, 250):
        inside = _file(folder, f"{first // 250:03}/{first:06}.txt").parent
        for number in range(first, min(first + 250, count)):
            (inside / f"{number:06}.txt").write_bytes(os.urandom(1000).hex().encode())
    return Place(folder)


def _file(project: Path, name: str) -> Path:
    path = project / "files" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (project / "hub.yaml").write_text(MANIFEST)
    return path


def sign(place: Place) -> Place:
    """Give a project a key, a manifest that signs with it, and the trust policy of a reader."""
    reader = place.folder / "reader"
    reader.mkdir(exist_ok=True)
    for command in (
        "openssl ecparam -name prime256v1 -genkey -noout -out acme.pem",
        "openssl ec -in acme.pem -pubout -out acme.pub",
    ):
        subprocess.run(shlex.split(command), cwd=reader, check=True, capture_output=True)
    (reader / "trust.yaml").write_text(TRUST)
    (place.folder / "signed.yaml").write_text(SIGNED_MANIFEST)
    return place


def unchanged(place: Place, hubs: ExitStack) -> tuple[Callable[[], Taken], Callable[[], Taken]]:
    """Return a second plan of files that are on the Hub, and a second upload of them by the client."""

    @cache
    def settings() -> Mapping[str, str]:
        served = hubs.enter_context(place.hub())
        for command in (UPLOAD, PUBLISH, PLAN):
            place.run(command, **served)
        return served

    return lambda: place.run(PLAN, **settings()), lambda: place.run(UPLOAD, **settings())


def known(place: Place, command: str, hubs: ExitStack) -> Callable[[], Taken]:
    """Return a command whose HF_HOME knows the files."""

    @cache
    def home() -> str:
        new = hubs.enter_context(tempfile.TemporaryDirectory())
        place.run(command, HF_HOME=new)
        return new

    return lambda: place.run(command, HF_HOME=home())


def rows(large: Place, few: Place, more: Place, many: Place, hubs: ExitStack) -> Iterator[Row]:
    """Yield every row; `hubs` ends what the rows that are not cold have in common."""
    size = large.size()
    off, on = {"HF_HUB_DISABLE_XET": "1"}, {"HF_HUB_DISABLE_XET": "0"}

    def published(place: Place, variables: Mapping[str, str]) -> tuple[Callable[[], Taken], Callable[[], Taken]]:
        return place.on_a_new_hub(PUBLISH, **variables), place.on_a_new_hub(UPLOAD, **variables)

    def pulled(place: Place, variables: Mapping[str, str]) -> tuple[Callable[[], Taken], Callable[[], Taken]]:
        return place.on_a_new_hub(PULL, UPLOAD, **variables), place.on_a_new_hub(DOWNLOAD, UPLOAD, **variables)

    again = ("hublish plan", "hf upload, again")
    yield Row(f"plan, nothing changed, {size}", again, unchanged(large, hubs), "0.6; 20 GiB: 0.1")

    publishing = ("hublish publish", "hf upload")
    yield Row(f"publish, cold, {size}, xet off", publishing, published(large, off), "1.0")
    yield Row(f"publish, cold, {size}, xet on", publishing, published(large, on), "1.0")
    yield Row(f"publish, cold, {more.count()}", publishing, published(more, on), "1.0")

    signing = ("hublish publish, signed", "hublish publish")
    for place, variables in ((sign(large), off), (sign(more), on)):
        work = f"publish, signed, {size if place is large else place.count()}"
        signed = (place.on_a_new_hub(SIGN, **variables), place.on_a_new_hub(PUBLISH, **variables))
        yield Row(work, signing, signed, "0.1 s more")

    pulling = ("hublish pull", "hf download, hf cache verify")
    yield Row(f"pull, {size}, xet off", pulling, pulled(large, off), "1.0")
    yield Row(f"pull, {size}, xet on", pulling, pulled(large, on), "1.0")
    yield Row(f"pull, {few.count()}", pulling, pulled(few, on), "1.0")

    verifying = ("hublish pull --trust-policy", "hublish pull")
    for place in (sign(large), sign(more)):
        work = f"pull, signed, {size if place is large else place.count()}"
        verified = (place.on_a_new_hub(VERIFIED_PULL, SIGN, **on), place.on_a_new_hub(PULL, SIGN, **on))
        yield Row(work, verifying, verified, "1.05")

    summing, sums = ("hublish files", "sha256sum"), many.cold(SHA256SUM.format(batch=500))
    yield Row(f"files, {size}", summing, (large.cold(FILES), large.cold(SHA256SUM.format(batch=1))), "1.0")
    yield Row(f"files, {many.count()}", summing, (many.cold(FILES), sums), "15 s, 250 MB")
    yield Row(f"files, {many.count()}, again", summing, (known(many, FILES, hubs), sums), "3 s, 250 MB")

    digits = Place(Path(__file__).resolve().parents[1] / "examples" / "digits")
    starting = (digits.cold(f"{BIN}/hublish check --quiet"), digits.cold(f"{BIN}/hf version"))
    yield Row("check", ("hublish check", "hf version"), starting, "0.7")


def machine() -> str:
    """Name the machine and the versions."""
    names = ("hublish", "huggingface_hub", "hf_xet", "pydantic")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), {memory} GiB, "
        f"Python {platform.python_version()}, {versions}"
    )


def main(arguments: argparse.Namespace) -> None:
    """Print the table."""
    print(f"Medians of {arguments.rounds} rounds; a ratio below 1 favors hublish. {machine()}.\n")
    heads = ("work", "hublish", "time", "memory", "reference", "time", "ratio", "goal")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    # The client's bytecode was compiled when it was installed; that of a checkout is compiled by its first use.
    compileall.compile_dir(hublish.__path__[0], quiet=2)
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as hubs:
        folder = Path(temporary)
        large = weights(folder / "weights", arguments.gib)
        few, more, many = (texts(folder / f"texts-{count}", count) for count in (1_000, 5_000, arguments.many))
        for row in rows(large, few, more, many, hubs):
            if not arguments.parts or any(part in row.work for part in arguments.parts):
                print(f"| {' | '.join(row.measured(arguments.rounds))} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gib", type=int, default=1, help="the size of the weights")
    parser.add_argument("--many", type=int, default=100_000, help="the number of files in the largest tree")
    main(parser.parse_args())
