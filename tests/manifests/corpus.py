"""The corpus: manifests with one fault each, the same manifests mended, and what is told about the fault.

invalid/NAME.yaml       what a person wrote, named for what is wrong with it
fixed/NAME.yaml         the same, mended as the diagnostic says
diagnostics/NAME.txt    the diagnostic, as `hublish check` shows it without colour
tree/                   the files that all of them speak of
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hublish.cli.dispatch import run
from hublish.cli.exit_codes import as_error, report_failure
from hublish.schemas.diagnose.problems import Problem
from tests.hublish.cli.running import desk

FOLDER = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in (FOLDER / "invalid").iterdir()))

Check = Callable[[bytes], "Told"]
"""Runs `hublish check` on a manifest that lies in the tree."""


@dataclass(frozen=True)
class Told:
    """How a check ended."""

    exit_code: int
    text: str
    """Both streams, without the titles of the stages."""
    problems: tuple[Problem, ...] = ()


@functools.cache
def read(part: str, name: str) -> bytes:
    """Return one manifest of the corpus."""
    return (FOLDER / part / f"{name}.yaml").read_bytes()


def check(manifest: bytes, *, option: str = "") -> Told:
    """Run `hublish check` on hub.yaml in the current folder."""
    Path("hub.yaml").write_bytes(manifest)
    at = desk()
    problems: tuple[Problem, ...] = ()
    try:
        code = run(["check", *option.split()], at.report)
    except Exception as failure:
        error = as_error(failure)
        # What is not listed as a problem is one itself: a template that cannot be rendered has one reason.
        problems = error.problems or (Problem(error.code, error.message, error.hint, location=error.location),)
        code = report_failure(failure, at.report)
    titles = (line for line in at.err.getvalue().splitlines(keepends=True) if not line.startswith("* "))
    return Told(code, at.out.getvalue() + "".join(titles), problems)
