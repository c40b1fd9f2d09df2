"""The files in which a step of a GitHub workflow leaves its outputs and its part of the job's summary.

Their form follows "Workflow commands for GitHub Actions". Without the variables of a workflow nothing is written.
"""

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from hublish.cli.terminal.streams import MaskedStream, Terminal

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block

OUTPUT: Final = "GITHUB_OUTPUT"
SUMMARY: Final = "GITHUB_STEP_SUMMARY"
# Characters that a workflow can add before a summary becomes too long for a comment.
_ROOM: Final = 1_000


def append_outputs(terminal: Terminal, outputs: Mapping[str, str]) -> None:
    """Set outputs of the step, with every credential in them masked.

    Raises:
        OSError: the file cannot be written.
    """
    masked = cast("MaskedStream", terminal.stdout).masked
    # A value ends at a line that it cannot contain: one with the name of a file could set other outputs.
    end = f"end_{secrets.token_hex(16)}"
    _append(terminal, OUTPUT, "".join(f"{name}<<{end}\n{masked(value)}\n{end}\n" for name, value in outputs.items()))


def append_summary(terminal: Terminal, blocks: "Iterable[Block]") -> None:
    """Add Markdown to the summary of the job.

    Raises:
        OSError: the file cannot be written.
    """
    from hublish.cli.report.markup import LIMIT, render

    text: str = cast("MaskedStream", terminal.stdout).masked(render(blocks, LIMIT - _ROOM))
    _append(terminal, SUMMARY, f"{text}\n")


def _append(terminal: Terminal, variable: str, text: str) -> None:
    # Other commands of the step append to the same file.
    with Path(terminal.environ[variable]).open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(text)
