"""The code on a Markdown page, and running it as a reader would: for the README and for the documentation."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?[^\n]*\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block of code."""

    language: str
    title: str
    """The name of the file that it shows; empty for none."""
    text: str
    line: int
    """Of its first line on the page, counted from 1."""


class Command(NamedTuple):
    """A command line after a prompt, and the output that the page shows below it."""

    line: str
    output: str


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page in order."""
    return [
        Block(
            found["language"],
            found["title"] or "",
            textwrap.dedent(found["text"]),
            page.count("\n", 0, found.start()) + 2,
        )
        for found in _FENCE.finditer(page)
    ]


def texts(page: str, language: str) -> list[str]:
    """Return the texts of the blocks in one language."""
    return [block.text for block in blocks(page) if block.language == language]


def commands(text: str) -> Iterator[Command]:
    """Yield the command lines of a block that shows a terminal."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield Command(re.sub(r"\s+# .*$", "", line), output)


def agrees(shown: str, output: str) -> bool:
    """Return whether a program printed what a page shows: `...` replaces any text, and so does showing nothing."""
    pattern = ".*".join(re.escape(part) for part in re.split(r"\.\.\.", shown.strip()))
    return not shown.strip() or re.fullmatch(pattern, output.strip(), re.DOTALL) is not None


def run(arguments: list[str], folder: Path, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment in a folder, with the client's home in it."""
    # A pytest in the subprocess would otherwise clean up the temporary folders of every other one on this machine.
    own = {"HF_HOME": str(folder / "hf"), "PYTEST_DEBUG_TEMPROOT": str(folder), "CI": "1"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **own, **(more or {})}
    return subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True)
