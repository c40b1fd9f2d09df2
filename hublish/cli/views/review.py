"""The view of `review`: the verdict, the page, and the digest to compare with the published release."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hublish.api.review import Review
from hublish.cli.report.json import fields
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented
from hublish.cli.views.phrases import NO_OPTIONS, RepeatedOptions, next_steps, publishing_verb
from hublish.schemas.documents.sizes import format_size


@dataclass(frozen=True)
class ReviewView:
    """A page that was written."""

    review: Review
    path: Path
    # The plan file that it shows; empty for a new plan.
    plan: str = ""
    # Whether a browser was found that opens it; None if that was not requested.
    opened: bool | None = None
    repeated: RepeatedOptions = NO_OPTIONS

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the verdict, the place of the page, the digest, and the next steps."""
        risky = self.review.surprises or self.review.document.refusals
        yield paint("yellow" if risky else "green", self.review.verdict)
        size = format_size(len(self.review.html.encode("utf-8", "replace")))
        yield from indented(columns([("page", f"{self.path}, {size}"), ("plan", f"sha256 {self.review.plan_sha256}")]))
        if self.opened is False:
            yield "No browser was found here: open this file in one."
        if not (self.review.document.nothing_to_do or self.review.document.refusals):
            options = f"{self.repeated.release}{self.repeated.hub}"
            if self.plan:
                command = f"hublish {publishing_verb(self.review.document)} {self.plan}{options}"
                yield from next_steps(paint, f"{command}  once it is approved")
            else:
                command = f"hublish plan --out plan.json{self.repeated.manifest}{self.repeated.card}{self.repeated.hub}"
                yield from next_steps(paint, f"{command}  to publish exactly this once it is approved")

    def document(self) -> Any:
        """Return the page's path, the verdict, the surprises and the digest. Its keys are stable."""
        found = [fields(each, "code", "level", "message", "path_in_repo", "path") for each in self.review.surprises]
        return {
            "path": str(self.path),
            "verdict": self.review.verdict,
            "plan_sha256": self.review.plan_sha256,
            "surprises": found,
        }

    def quiet(self) -> Iterable[str]:
        """Return the path."""
        return [str(self.path)]
