"""Profile the commands of rows of `make bench` beside the reference: functions, system calls, and bytes.

    python benchmarks/profiles.py [--gib N] [--most N] [PART ...]

Each command runs three times: by itself, for its time and for the bytes that it and its children read and write; under
cProfile, for the functions of its main thread; and under strace, for the calls of all its threads and children. Times
under cProfile and strace are longer than without. PART limits the run to rows whose names contain it.
"""

import argparse
import json
import pstats
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import speed
from speed import BIN, DOWNLOAD, FILES, PLAN, PUBLISH, PULL, SHA256SUM, UPLOAD, Place

# Reaped children count as parts of the process that waits for them (proc_pid_io(5)).
_COUNTING = (
    "import json, subprocess, sys\n"
    "code = subprocess.call(sys.argv[2:])\n"
    "lines = open('/proc/self/io').read().split()\n"
    "json.dump(dict(zip(lines[::2], map(int, lines[1::2]))), open(sys.argv[1], 'w'))\n"
    "sys.exit(code)\n"
)
_PROFILING = (
    "import cProfile, runpy, sys\n"
    "place, sys.argv = sys.argv[1], sys.argv[2:]\n"
    "profile = cProfile.Profile()\n"
    "try:\n"
    "    profile.runcall(runpy.run_path, sys.argv[0], run_name='__main__')\n"
    "finally:\n"
    "    profile.dump_stats(place)\n"
)
_CALL = re.compile(r"\s*([\d.]+)\s+([\d.]+)\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$")


class Work(NamedTuple):
    """One command of a row, and those that must have run before it."""

    place: Place
    command: str
    before: tuple[str, ...] = ()
    served: bool = False
    """Whether it needs a Hub."""
    xet: bool = True
    keeps_home: bool = False
    """Whether it finds the HF_HOME that the commands before it have filled."""

    @contextmanager
    def ready(self, temporary: Path) -> Iterator[Mapping[str, str]]:
        """Give the variables of a user, after the commands before it."""
        with ExitStack() as hubs:
            settings = dict(hubs.enter_context(self.place.hub())) if self.served else {"HF_HOME": f"{temporary}/home"}
            settings["HF_HUB_DISABLE_XET"] = "0" if self.xet else "1"
            for step in self.before:
                self.place.run(step, **settings)
            yield settings if self.keeps_home else {**settings, "HF_HOME": f"{temporary}/new"}

    def shown(self, most: int) -> Iterator[str]:
        """Run it in every way, and yield the lines of its profile."""
        with tempfile.TemporaryDirectory() as name:
            temporary = Path(name)
            yield from self._bytes(temporary)
            if str(BIN) in self.command:
                yield from self._functions(temporary, most)
            if shutil.which("strace"):
                yield from self._calls(temporary, most)

    def _run(self, temporary: Path, command: str) -> speed.Taken:
        with self.ready(temporary / "user") as settings:
            return self.place.run(command, **settings)

    def _bytes(self, temporary: Path) -> Iterator[str]:
        counted = temporary / "io"
        taken = self._run(temporary, _python(_COUNTING, str(counted), "sh", "-c", self.command))
        found = json.loads(counted.read_text())
        yield (
            f"  {taken.seconds:.2f} s, {taken.processor:.2f} s of processor time, {taken.megabytes:.0f} MB; "
            f"read {found['rchar:'] / 1e6:,.0f} MB in {found['syscr:']:,} calls, "
            f"wrote {found['wchar:'] / 1e6:,.0f} MB in {found['syscw:']:,}"
        )

    def _functions(self, temporary: Path, most: int) -> Iterator[str]:
        profile = temporary / "profile"
        # The scripts of an environment are Python; a command of the shell may have two.
        command = self.command.replace(f"{BIN}/", f"{_python(_PROFILING, str(profile))} {BIN}/", 1)
        self._run(temporary, command)
        stats = pstats.Stats(str(profile)).stats  # type: ignore[attr-defined]
        yield "  functions of the main thread, by their own time"
        for (file, line, name), (_, calls, own, _, _) in sorted(stats.items(), key=lambda each: -each[1][2])[:most]:
            place = "" if file == "~" else f"{'/'.join(Path(file).parts[-2:])}:{line} "
            yield f"    {own:6.2f} s {calls:9,} calls  {place}{name}"

    def _calls(self, temporary: Path, most: int) -> Iterator[str]:
        counted = temporary / "calls"
        self._run(temporary, f"strace -c -f -o {counted} sh -c {shlex.quote(self.command)}")
        rows = [found.groups() for text in counted.read_text().splitlines() if (found := _CALL.match(text))]
        yield "  system calls of all processes, by number"
        ordered = sorted((row for row in rows if row[3] != "total"), key=lambda row: -int(row[2]))
        yield "    " + ", ".join(f"{name} {int(calls):,}" for _, _, calls, name in ordered[:most])


def _python(script: str, *arguments: str) -> str:
    return shlex.join([sys.executable, "-c", script, *arguments])


def rows(large: Place, more: Place, many: Place) -> Iterator[tuple[str, Work, Work]]:
    """Yield the rows that may miss their goals, each with our work and that of the reference."""
    size = large.size()
    for xet in (False, True):
        ours, theirs = (Work(large, command, served=True, xet=xet) for command in (PUBLISH, UPLOAD))
        yield f"publish, cold, {size}, xet {'on' if xet else 'off'}", ours, theirs
    yield f"publish, cold, {more.count()}", Work(more, PUBLISH, served=True), Work(more, UPLOAD, served=True)
    ours, theirs = (Work(large, command, (UPLOAD,), served=True) for command in (PULL, DOWNLOAD))
    yield f"pull, {size}, xet on", ours, theirs
    sums = Work(many, SHA256SUM.format(batch=500))
    yield f"files, {many.count()}, again", Work(many, FILES, (FILES,), keeps_home=True), sums
    ours, theirs = (Work(large, command, (UPLOAD, PUBLISH, PLAN), True, keeps_home=True) for command in (PLAN, UPLOAD))
    yield f"plan, nothing changed, {size}", ours, theirs
    digits = Place(Path(__file__).resolve().parents[1] / "examples" / "digits")
    check, version = (Work(digits, f"{BIN}/{command}") for command in ("hublish check --quiet", "hf version"))
    yield "check", check, version


def main(arguments: argparse.Namespace) -> None:
    """Print the profiles."""
    print(speed.machine())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        large = speed.weights(folder / "weights", arguments.gib)
        more, many = (speed.texts(folder / f"texts-{count}", count) for count in (5_000, arguments.many))
        for name, *sides in rows(large, more, many):
            if arguments.parts and not any(part in name for part in arguments.parts):
                continue
            for side in sides:
                print(f"\n{name}: {side.command.replace(f'{BIN}/', '')}")
                for line in side.shown(arguments.most):
                    print(line, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--gib", type=int, default=1, help="the size of the weights")
    parser.add_argument("--many", type=int, default=100_000, help="the number of files in the largest tree")
    parser.add_argument("--most", type=int, default=10, help="the number of functions and of calls that are shown")
    main(parser.parse_args())
