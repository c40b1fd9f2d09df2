"""The view of `verify --attestations`: who signed a release, what it claims, and how others verify it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hublish.api.verify_attestations import CheckedAttestations
from hublish.cli.terminal.color import Paint
from hublish.cli.views.examination import examination_blocks, examination_document, examination_lines, paths_of
from hublish.cli.views.phrases import next_steps

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink


@dataclass(frozen=True)
class AttestationsView:
    """The chain of reasons, and the verdict."""

    checked: CheckedAttestations

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the verdict, the reasons, and the command of another tool."""
        checked = self.checked
        yield paint("bold", checked.subject)
        yield from examination_lines(checked.examination, paint)
        if checked.ok and checked.command:
            yield from next_steps(paint, f"{checked.command}  verifies the signature without hublish")
        elif checked.lacks_files:
            yield from next_steps(paint, "add --ignore-missing  if only a part of the release was downloaded")

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return the verdict and the reasons."""
        from hublish.cli.report.markup import Paragraph

        yield Paragraph(f"**{'ok' if self.checked.ok else 'FAILED'}** {ink.code(self.checked.subject)}")
        yield from examination_blocks(self.checked.examination, ink)
        if self.checked.command:
            yield Paragraph(f"Without hublish: {ink.code(self.checked.command)}")

    def document(self) -> Any:
        """Return the verdict, the reasons and the command."""
        checked = self.checked
        return {
            "ok": checked.ok,
            "subject": checked.subject,
            "folder": str(checked.folder),
            "by": checked.by,
            "signature": examination_document(checked.examination),
            "command": checked.command,
        }

    def quiet(self) -> Iterable[str]:
        """Return the paths of the files that are not accepted."""
        return paths_of(self.checked.examination)
