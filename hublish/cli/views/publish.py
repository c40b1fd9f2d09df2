"""The view of `publish`: the commit, the verification, the tag and the lock."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hublish.base.values import Action, Receipt
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented, plural
from hublish.cli.views.phrases import (
    NO_OPTIONS,
    RepeatedOptions,
    next_steps,
    repo_label,
    setting_change,
    type_option,
    waived_lines,
)
from hublish.cli.views.plan import nothing_to_do, outputs_of
from hublish.pipeline.lock.records import changed_document
from hublish.schemas.documents.file_names import STATE_FOLDER
from hublish.schemas.documents.plan import PlanDocument
from hublish.schemas.documents.sizes import format_size

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink


@dataclass(frozen=True)
class ReceiptView:
    """A receipt: the result of the commit and of its verification."""

    receipt: Receipt
    # The lock that was written.
    lock: Path
    repeated: RepeatedOptions = NO_OPTIONS
    # The drafted manifest, once it is written.
    manifest: str = ""
    # A question about the drafted manifest follows.
    asks: bool = False

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the result, its details, and the next steps."""
        yield paint("green", self._headline())
        yield from indented(columns(self._rows()))
        yield from waived_lines(self.receipt.plan.release.waived, paint)
        yield from self._next(paint)

    def document(self) -> Any:
        """Return the receipt document."""
        from hublish.pipeline.lock.records import receipt_fields

        return receipt_fields(self.receipt)

    def compact(self) -> Any:
        """Return the result without the plan."""
        return {"result": self._headline(), **dict(self._rows())}

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return the result and its details."""
        from hublish.cli.report.markup import Items, Paragraph
        from hublish.cli.views.markdown_plan import finding_blocks

        yield Paragraph(f"**{ink.text(self._headline())}**")
        yield Items([f"{name}: {ink.code(value)}" for name, value in self._rows()], "fact")
        yield from finding_blocks(self._plan, ink)

    def outputs(self) -> dict[str, str]:
        """Return the commit, the repo, the number of changes and the lock, for the next steps of a workflow."""
        receipt = self.receipt
        place = {"commit": receipt.commit, "tag": receipt.tag or "", "url": "" if self._embedded else receipt.url}
        return {**place, **outputs_of(self._plan), "lock": str(self.lock)}

    def quiet(self) -> Iterable[str]:
        """Return the commit."""
        return [self.receipt.commit]

    def _headline(self) -> str:
        target = self.receipt.plan.target
        label = repo_label(target.repo_id, target.repo_type)
        if self.receipt.pull_request and self.receipt.created:
            return f"Proposed {label} as pull request {self.receipt.pull_request}."
        if self.receipt.created and self.receipt.parts_in:
            return f"Published {label} at {self.receipt.revision} by merging pull request {self.receipt.parts_in}."
        if self.receipt.created and (former := self.receipt.plan.release.former):
            return f"Rolled {label} at {self.receipt.revision} back to {former.name} in one commit."
        if self.receipt.created:
            return f"Published {label} at {self.receipt.revision} in one commit."
        if self.receipt.plan.nothing_to_do:
            return nothing_to_do(label, self.receipt.revision)
        return f"{label} at {self.receipt.revision} already held these files; no commit was made."

    def _rows(self) -> Iterable[tuple[str, str]]:
        receipt = self.receipt
        yield "commit", receipt.commit
        # The URL of the embedded Hub contains a port that is closed by now.
        if receipt.url and not self._embedded:
            yield "url", receipt.url
        if receipt.created:
            plan = receipt.plan
            added, changed, deleted = (len(plan.of(action)) for action in (Action.ADD, Action.CHANGE, Action.DELETE))
            size = format_size(plan.bytes_to_send)
            yield "sent", f"{added} added, {changed} changed, {deleted} deleted; {size}"
        for setting in receipt.plan.settings:
            yield setting.name, setting_change(setting)
        if receipt.verified:
            yield "verified", f"{plural(len(receipt.plan.release.files), 'file')}, as planned"
        if receipt.tag:
            yield "tag", receipt.tag
        yield from self._signature()
        if moved := [*receipt.moving_tags, *receipt.moving_branches]:
            yield "moved", ", ".join(moved)
        # To compare with the page that was approved.
        if receipt.created and receipt.plan.sha256:
            yield "plan", f"sha256 {receipt.plan.sha256}"
        yield "lock", str(self.lock)
        if self.manifest:
            yield "manifest", self.manifest

    def _signature(self) -> Iterable[tuple[str, str]]:
        attestation = self.receipt.plan.release.attestation
        signer = attestation.signer if attestation else None
        if signer is None:
            return
        yield "signed by", signer.name if signer.provider is None else f"{signer.name} of {signer.provider}"
        if signer.log_index is not None:
            yield "log entry", str(signer.log_index)

    def _next(self, paint: Paint) -> Iterable[str]:
        target = self.receipt.plan.target
        revision = self.receipt.tag or self.receipt.revision
        # The manifest may name the embedded Hub, but `pull` does not read the manifest.
        where = self.repeated.hub or (" --local" if self._embedded else "")
        # The default revision of `pull`.
        at = "" if revision == "main" else f"@{revision}"
        pull = f"hublish pull {target.repo_id}{at}{type_option(target.repo_type)}{where}"
        verify = f"hublish verify{self.repeated.file}{self.repeated.hub}"
        return next_steps(paint, verify, pull, *self._keep(), *self._serve())

    def _keep(self) -> Iterable[str]:
        if self.receipt.plan.release.project.drafted and not (self.manifest or self.asks):
            options = f"{self.repeated.manifest}{self.repeated.card}{self.repeated.hub}"
            yield f"hublish publish{options} --keep  to write its hub.yaml"

    def _serve(self) -> Iterable[str]:
        if self._embedded:
            # `hub serve` takes .hublish/hub in the current folder by default.
            folder = Path(self.receipt.plan.release.project.name).parent
            root = folder / STATE_FOLDER / "hub"
            option = "" if folder == Path() else f" --root {shlex.quote(str(root))}"
            yield f"hublish hub serve{option}  to inspect it with other tools"

    @cached_property
    def _plan(self) -> PlanDocument:
        return changed_document(self.receipt.plan)

    @property
    def _embedded(self) -> bool:
        """Whether it went to the embedded Hub, which stopped with this command: its URLs no longer work."""
        return self.receipt.plan.target.endpoint == "embedded"
