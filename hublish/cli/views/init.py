"""The view of `init`: recognized parts, excluded files, open fields, and the next steps."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hublish.api.init import Draft
from hublish.cli.report.json import problem_document
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns
from hublish.cli.views.phrases import next_steps
from hublish.schemas.documents.file_names import MANIFEST_FILE

# A folder of checkpoints and logs would push the rest off the screen.
_MOST_EXCLUDED = 20


@dataclass(frozen=True)
class DraftView:
    """A draft that was written, or that is printed instead."""

    draft: Draft
    # The folder, as typed.
    folder: str = "."
    # The repo it was drafted from, as typed.
    reference: str | None = None
    # The option for the repo's type, if the reference does not contain it.
    type_option: str = ""
    # The option for the Hub.
    hub_option: str = ""

    def human(self, paint: Paint) -> Iterable[str]:
        """Return each part with its evidence; for a draft that was not written, only its text."""
        # `--out -` prints the draft: stdout must be a valid manifest.
        if self.draft.path is None:
            yield from self.draft.text.splitlines()
            return
        yield paint("green", f"Wrote {self.draft.path}")
        yield from self._table(
            "RECOGNIZED", "EVIDENCE", [(one.what, one.evidence) for one in self.draft.recognised], paint
        )
        excluded = [(one.path, one.why) for one in self.draft.left_out]
        yield from self._table("EXCLUDED", "REASON", excluded[:_MOST_EXCLUDED], paint)
        if len(excluded) > _MOST_EXCLUDED:
            yield f"... and {len(excluded) - _MOST_EXCLUDED:,} more; --json lists all"
        if self.draft.open:
            yield from ["", paint("yellow", "To fill in:"), *(f"  {one}" for one in self.draft.open)]
        yield from next_steps(paint, *self._next())

    def document(self) -> Any:
        """Return recognized parts, excluded files, open fields and the text. Its keys are stable."""
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
        """Return the path; for a draft that was not written, its text."""
        return self.draft.text.splitlines() if self.draft.path is None else [str(self.draft.path)]

    def _table(self, left: str, right: str, rows: list[tuple[str, str]], paint: Paint) -> Iterable[str]:
        if rows:
            first, *lines = columns([(left, right), *rows])
            yield from ["", paint("bold", first), *lines]

    def _next(self) -> list[str]:
        path = self.draft.path
        option = "" if path is None or str(path) == MANIFEST_FILE else f" -f {shlex.quote(str(path))}"
        steps = [f"hublish check{option}", f"hublish files{option}"]
        # A draft from a repo describes files that may not be here yet.
        if self.draft.complete or self.reference is None:
            return [f"review {path}, then {steps[0]}", steps[1]]
        # The repo's own manifest would overwrite the draft, and its load plan may select fewer files.
        own = any(one.path == MANIFEST_FILE for one in self.draft.left_out)
        pulled = shlex.quote(self.reference) + self.type_option + (" --include '*' --exclude hub.yaml" if own else "")
        return [f"hublish pull {pulled} --local-dir {shlex.quote(self.folder)}{self.hub_option}", *steps]
