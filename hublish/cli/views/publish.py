"""A publish that ended well."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hublish.base.values import Action, Receipt
from hublish.cli.again import NOTHING_AGAIN, Again
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented, plural
from hublish.cli.views.phrases import kind_option, next_steps, repo_label, setting_move
from hublish.schemas.documents.file_names import STATE_FOLDER
from hublish.schemas.documents.sizes import format_size


@dataclass(frozen=True)
class ReceiptView:
    """What the Hub answered, and what was proven afterwards."""

    receipt: Receipt
    lock: Path
    """Where the lock was written."""
    again: Again = NOTHING_AGAIN

    def human(self, paint: Paint) -> Iterable[str]:
        """Return what was done, the proof, and what to type next."""
        yield paint("green", self._headline())
        yield from indented(columns(self._rows()))
        yield from self._next(paint)

    def document(self) -> Any:
        """Return the receipt document."""
        from hublish.pipeline.lock.records import receipt_document

        return receipt_document(self.receipt).model_dump(mode="json")

    def quiet(self) -> Iterable[str]:
        """Return the commit."""
        return [self.receipt.commit]

    def _headline(self) -> str:
        target = self.receipt.plan.target
        label = repo_label(target.repo_id, target.repo_type)
        if self.receipt.pull_request and self.receipt.created:
            return f"Proposed {label} as pull request {self.receipt.pull_request}."
        if self.receipt.created:
            return f"Published {label} at {self.receipt.revision} in one commit."
        if self.receipt.plan.nothing_to_do:
            return f"Nothing to do: {label} at {self.receipt.revision} already is this release."
        return f"{label} at {self.receipt.revision} already held these files; no commit was made."

    def _rows(self) -> Iterable[tuple[str, str]]:
        receipt = self.receipt
        yield "commit", receipt.commit
        if receipt.url and not self._embedded:
            yield "url", receipt.url
        if receipt.created:
            yield "sent", self._sent()
        for setting in receipt.plan.settings:
            yield setting.name, setting_move(setting)
        if receipt.verified:
            count = plural(len(receipt.plan.release.files), "file")
            yield "verified", f"{count}: what stands at the commit is what was planned"
        if receipt.tag:
            yield "tag", receipt.tag
        yield "lock", str(self.lock)

    def _sent(self) -> str:
        plan = self.receipt.plan
        added, changed, deleted = (len(plan.of(action)) for action in (Action.ADD, Action.CHANGE, Action.DELETE))
        return f"{added} added, {changed} changed, {deleted} deleted; {format_size(plan.bytes_to_send)}"

    def _next(self, paint: Paint) -> Iterable[str]:
        target = self.receipt.plan.target
        revision = self.receipt.tag or self.receipt.revision
        # A manifest may name the embedded Hub; `pull` reads no manifest and must be told.
        where = self.again.remote or (" --local" if self._embedded else "")
        at = "" if revision == "main" else f"@{revision}"
        pull = f"hublish pull {target.repo_id}{at}{kind_option(target.repo_type)}{where}"
        verify = f"hublish verify{self.again.file}{self.again.remote}"
        return next_steps(paint, verify, pull, *self._serve())

    def _serve(self) -> Iterable[str]:
        if self._embedded:
            root = self.lock.parent / STATE_FOLDER / "hub"
            option = "" if self.lock.parent == Path() else f" --root {shlex.quote(str(root))}"
            yield f"hublish hub serve{option}  to look at it with other tools"

    @property
    def _embedded(self) -> bool:
        """Whether it went to the embedded Hub, which stopped with the command: its URLs are gone."""
        return self.receipt.plan.target.endpoint == "embedded"
