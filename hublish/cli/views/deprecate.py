"""The view of `deprecate`: the diff of the card, the commit, and the lock."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hublish.api.deprecate import Deprecation
from hublish.cli.report.json import fields, problem_document
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented
from hublish.cli.views.card_diff import CardDiffView
from hublish.cli.views.phrases import NO_OPTIONS, RepeatedOptions, next_steps, repo_label, short

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink


def question(found: Deprecation) -> str:
    """Return the question before the commit."""
    where = f"{_label(found)} at {found.target.revision} on {found.target.endpoint}"
    how = ", by a pull request" if found.target.create_pr else ""
    if found.new_version is None:
        return f"Undo the deprecation of {where}{how}?"
    return f"Deprecate {where} in favor of {found.new_version}{how}?"


@dataclass(frozen=True)
class DeprecationView:
    """The change of a card, before or after its commit."""

    found: Deprecation
    repeated: RepeatedOptions = NO_OPTIONS
    # A question follows, instead of the result.
    ask: bool = False

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the diff, or the result, its details and the next step."""
        if self.ask:
            yield from CardDiffView(self.found.diff).human(paint)
            return
        yield paint("green", self._headline)
        yield from indented(columns(self._rows()))
        if self.found.lock_state == "updated":
            yield from next_steps(paint, f"hublish verify{self.repeated.file}{self.repeated.hub}")

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return the result, its details and the diff."""
        from hublish.cli.report.markup import Fence, Items, Paragraph

        yield Paragraph(f"**{ink.text(self._headline)}**")
        yield Items([f"{name}: {ink.code(value)}" for name, value in self._rows()], "fact")
        if self.found.diff:
            yield Fence([ink.line(line) for line in self.found.diff.split("\n")[:-1]], "diff")

    def document(self) -> Any:
        """Return the repo, the change and the commit. The keys are stable."""
        found = self.found
        return {
            **fields(found.target, "repo_id", "repo_type", "endpoint", "revision"),
            **fields(found, "new_version", "nothing_to_do", "parent", "diff"),
            "commit": found.receipt.commit if found.receipt else None,
            "url": found.receipt.url if found.receipt else None,
            "pull_request": found.receipt.pull_request if found.receipt else None,
            "lock": str(found.lock) if found.lock else None,
            "lock_state": found.lock_state,
            "warnings": [problem_document(problem) for problem in found.warnings],
        }

    def quiet(self) -> Iterable[str]:
        """Return the commit; nothing without one."""
        return [self.found.receipt.commit] if self.found.receipt else []

    @property
    def _headline(self) -> str:
        found, label = self.found, _label(self.found)
        if found.nothing_to_do:
            state = f"names {found.new_version} already" if found.new_version else "is not deprecated"
            return f"Nothing to do: {label} at {found.target.revision} {state}."
        if found.receipt is not None and found.receipt.pull_request:
            change = f"deprecate {label} in favor of {found.new_version}"
            change = change if found.new_version else f"undo the deprecation of {label}"
            return f"Proposed to {change}, as pull request {found.receipt.pull_request}."
        if found.new_version is None:
            return f"{label} at {found.target.revision} is no longer deprecated."
        return f"Deprecated {label} at {found.target.revision} in favor of {found.new_version}."

    def _rows(self) -> Iterator[tuple[str, str]]:
        found = self.found
        if found.receipt is not None:
            yield "commit", found.receipt.commit
            # The URL of the embedded Hub contains a port that is closed by now.
            if found.receipt.url and found.target.endpoint != "embedded":
                yield "url", found.receipt.url
        if found.lock_state == "updated":
            yield "lock", f"{found.lock}, updated to this commit"
        elif found.lock_state == "elsewhere":
            yield "lock", f"{found.lock} records another commit than {short(found.parent)}, and did not change"


def _label(found: Deprecation) -> str:
    return repo_label(found.target.repo_id, found.target.repo_type)
