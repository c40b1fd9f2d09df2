"""What tests of the command line share: terminals that can be read, and command lines that ran."""

import io
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TextIO

from hublish.cli.report.terminal import Format, Terminal

DEADLINE = 60
"""Seconds a process may take."""
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
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Desk:
    """A terminal whose streams can be read."""

    terminal: Terminal
    out: io.StringIO
    err: io.StringIO


def desk(
    typed: str = "",
    *,
    tty: bool = False,
    format: Format = Format.HUMAN,  # noqa: A002 - as in Terminal
    environ: Mapping[str, str] | None = None,
    secrets: tuple[str, ...] = (),
) -> Desk:
    kind = Screen if tty else io.StringIO
    stdin: TextIO = Screen(typed) if tty else io.TextIOWrapper(io.BytesIO(typed.encode()))
    out, err = kind(), kind()
    return Desk(Terminal(stdin, out, err, environ or {}, format, secrets), out, err)


@dataclass(frozen=True)
class Ended:
    """What a command line left behind."""

    stdout: str
    stderr: str
