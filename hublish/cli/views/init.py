"""A drafted manifest: what was recognised, what stays out, and what to do next."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hublish.cli.failures import problem_document
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns
from hublish.cli.views.phrases import next_steps
from hublish.schemas.documents.file_names import MANIFEST_FILE

if TYPE_CHECKING:
    from hublish.api.init import Draft

_MOST_LEFT_OUT = 20


@dataclass(frozen=True)
class DraftView:
    """A draft that was written, or is to be printed."""

    draft: "Draft"
    folder: str = "."
    """As it was named on the command line."""
    reference: str | None = None
    """The repo it was drafted from, as it was named."""
    kind: str = ""
    """The option that names the repo's kind, where the reference does not."""
    hub: str = ""
    """The option that names the Hub."""

    def human(self, paint: Paint) -> Iterable[str]:
        """Return what was found and why; of a draft that was not written, its text alone."""
        if self.draft.path is None:
            yield from self.draft.text.splitlines()
            return
        yield paint("green", f"Wrote {self.draft.path}")
        yield from self._table("RECOGNISED", "BY", [(one.what, one.evidence) for one in self.draft.recognised], paint)
        left = [(one.path, one.why) for one in self.draft.left_out]
        yield from self._table("LEFT OUT", "BECAUSE", left[:_MOST_LEFT_OUT], paint)
        if len(left) > _MOST_LEFT_OUT:
            yield f"... and {len(left) - _MOST_LEFT_OUT:,} more; --json lists all"
        if self.draft.open:
            yield from ["", paint("yellow", "To fill in:"), *(f"  {one}" for one in self.draft.open)]
        yield from next_steps(paint, *self._next())

    def document(self) -> Any:
        """Return what was found, what stays out, what is open, and the text; the keys are stable."""
        draft = self.draft
        return {
            "path": None if draft.path is None else str(draft.path),
            "commit": draft.commit,
            "complete": draft.complete,
            "recognised": [{"what": one.what, "evidence": one.evidence} for one in draft.recognised],
            "left_out": [{"path": one.path, "reason": one.why} for one in draft.left_out],
            "to_fill_in": list(draft.open),
            "warnings": [problem_document(problem) for problem in draft.warnings],
            "text": draft.text,
        }

    def quiet(self) -> Iterable[str]:
        """Return the path; of a draft that was not written, its text."""
        return self.draft.text.splitlines() if self.draft.path is None else [str(self.draft.path)]

    def _table(self, left: str, right: str, rows: list[tuple[str, str]], paint: Paint) -> Iterable[str]:
        if rows:
            first, *lines = columns([(left, right), *rows])
            yield from ["", paint("bold", first), *lines]

    def _next(self) -> list[str]:
        path = self.draft.path
        option = "" if path is None or str(path) == MANIFEST_FILE else f" -f {shlex.quote(str(path))}"
        steps = [f"hublish check{option}", f"hublish files{option}"]
        if self.draft.complete or self.reference is None:
            return [f"look into {path}, then {steps[0]}", steps[1]]
        # The repo's own manifest says what a load needs, which may be less; and it would take the place of this one.
        own = any(one.path == MANIFEST_FILE for one in self.draft.left_out)
        what = shlex.quote(self.reference) + self.kind + (" --include '*' --exclude hub.yaml" if own else "")
        return [f"hublish pull {what} --local-dir {shlex.quote(self.folder)}{self.hub}", *steps]
