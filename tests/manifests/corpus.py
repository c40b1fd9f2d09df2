"""The corpus: manifests with one mistake each, the fixed manifests, and the diagnostics.

invalid/NAME.yaml       a manifest that a person could have written, named for its mistake
fixed/NAME.yaml         the same, fixed as the diagnostic suggests
diagnostics/NAME.txt    the diagnostic, as `hublish check` shows it without color
tree/                   the files that all of them refer to
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

Check = Callable[[bytes], "Checked"]
"""Runs `hublish check` on a manifest in the tree."""


@dataclass(frozen=True)
class Checked:
    """The result of a check."""

    exit_code: int
    text: str
    """Both streams, without the titles of the stages."""
    problems: tuple[Problem, ...] = ()


@functools.cache
def read(part: str, name: str) -> bytes:
    """Return one manifest of the corpus."""
    return (FOLDER / part / f"{name}.yaml").read_bytes()


def check(manifest: bytes, *, option: str = "") -> Checked:
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
    return Checked(code, at.out.getvalue() + "".join(titles), problems)
