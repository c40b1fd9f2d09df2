"""Shared by the tests of the command line: terminals with readable streams, and finished command lines."""

import io
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TextIO

from hublish.cli.report import Report, report_for
from hublish.cli.terminal.streams import Terminal

# Seconds that a process may take.
DEADLINE = 60
MANIFEST = """\
schema_version: 1
repo:
  repo_id: acme/digits-mlp
  tag: v1
artifacts:
  - source: run/weights.npz
    path_in_repo: model.safetensors
    serializer: safetensors
  - source: run/*.json
patterns:
  ignore_patterns: ["draft.json"]
"""

Golden = Callable[[str, str], None]
MakeDesk = Callable[..., "Desk"]
Run = Callable[..., "Ended"]
Start = Callable[..., subprocess.CompletedProcess[str]]


class Screen(io.StringIO):
    """A stream that looks like a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Desk:
    """A report on a terminal with readable streams."""

    report: Report
    out: io.StringIO
    err: io.StringIO


def desk(
    typed: str = "",
    *,
    tty: bool = False,
    format: str = "human",  # noqa: A002 - as in --format
    environ: Mapping[str, str] | None = None,
    secrets: tuple[str, ...] = (),
) -> Desk:
    kind = Screen if tty else io.StringIO
    stdin: TextIO = Screen(typed) if tty else io.TextIOWrapper(io.BytesIO(typed.encode()))
    out, err = kind(), kind()
    return Desk(report_for(format, Terminal(stdin, out, err, environ or {}, secrets)), out, err)


@dataclass(frozen=True)
class Ended:
    """The output of a finished command line."""

    stdout: str
    stderr: str
