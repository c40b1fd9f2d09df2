"""The answer of `check`, when nothing is refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hublish.cli.again import NOTHING_AGAIN, Again
from hublish.cli.failures import problem_document
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import plural
from hublish.cli.views.phrases import next_steps
from hublish.schemas.diagnose.problems import Problem


@dataclass(frozen=True)
class CheckView:
    """A manifest that stands; warnings are told apart, on stderr."""

    name: str
    warnings: tuple[Problem, ...]
    again: Again = NOTHING_AGAIN
    resolved: Mapping[str, Any] | None = None
    """What the manifest says with its defaults and without variables, when that was asked for."""

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the verdict and what to type next."""
        rest = f", with {plural(len(self.warnings), 'warning')}" if self.warnings else ""
        yield f"{paint('green', 'ok')}  {self.name}: manifest, sources and card fit{rest}"
        yield from next_steps(paint, f"hublish files{self.again.manifest}", f"hublish plan{self.again.manifest}")

    def document(self) -> Any:
        """Return the verdict with every warning, and the manifest as it counts when that was asked for."""
        warnings = [problem_document(problem) for problem in self.warnings]
        verdict = {"ok": True, "manifest": self.name, "warnings": warnings}
        return verdict if self.resolved is None else {**verdict, "resolved": self.resolved}

    def quiet(self) -> Iterable[str]:
        """Return nothing: the exit code says it."""
        return ()
