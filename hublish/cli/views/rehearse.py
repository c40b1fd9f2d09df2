"""A whole release, tried on a Hub that is gone again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hublish.cli.again import NOTHING_AGAIN, Again
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import plural
from hublish.cli.views.phrases import next_steps, short
from hublish.schemas.documents.sizes import format_size

if TYPE_CHECKING:
    from hublish import Rehearsal


@dataclass(frozen=True)
class RehearsalView:
    """What was sent, what came back, and whether it is the same."""

    rehearsal: "Rehearsal"
    again: Again = NOTHING_AGAIN

    def human(self, paint: Paint) -> Iterable[str]:
        """Return one line a step, every difference, and the verdict."""
        receipt = self.rehearsal.receipt
        files = receipt.plan.release.files
        sent = format_size(sum(file.size for file in files))
        yield f"published  {plural(len(files), 'file')}, {sent}, in one commit {short(receipt.commit)}"
        yield f"pulled     {plural(len(self.rehearsal.local.files), 'file')}, every byte checked"
        yield f"compared   {plural(len(files), 'file')}, bit by bit"
        yield f"loaded     {plural(self.rehearsal.arrays, 'array')}, read to the last byte"
        yield from (paint("red", f"  ~ {difference}") for difference in self.rehearsal.differences)
        if not self.rehearsal.same:
            yield f"{paint('red', 'FAILED')}  what came back is not what was sent"
            return
        yield f"{paint('green', 'ok')}  what came back is what was sent; nothing was left behind"
        yield from next_steps(paint, f"hublish plan{self.again.manifest}")

    def document(self) -> Any:
        """Return the verdict with its numbers."""
        receipt = self.rehearsal.receipt
        return {
            "same": self.rehearsal.same,
            "commit": receipt.commit,
            "published": len(receipt.plan.release.files),
            "pulled": len(self.rehearsal.local.files),
            "arrays": self.rehearsal.arrays,
            "differences": list(self.rehearsal.differences),
        }

    def quiet(self) -> Iterable[str]:
        """Return every difference."""
        return self.rehearsal.differences
