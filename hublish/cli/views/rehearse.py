"""The view of `rehearse`: each step on the throwaway Hub, and the verdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hublish.api.rehearse import Rehearsal
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import plural
from hublish.cli.views.phrases import NO_OPTIONS, RepeatedOptions, next_steps, short, size_of
from hublish.schemas.documents.sizes import format_size


@dataclass(frozen=True)
class RehearsalView:
    """A release that was published and pulled back, with the differences."""

    rehearsal: Rehearsal
    repeated: RepeatedOptions = NO_OPTIONS

    def human(self, paint: Paint) -> Iterable[str]:
        """Return one line per step, every difference, and the verdict."""
        receipt = self.rehearsal.receipt
        # The verbs line up, so that the columns below them do too.
        files = receipt.plan.release.files
        sent = format_size(size_of(files))
        how = "merged from a pull request as" if receipt.parts_in else "in one commit"
        yield f"published  {plural(len(files), 'file')}, {sent}, {how} {short(receipt.commit)}"
        if self.rehearsal.signed_with:
            yield f"signed     with {self.rehearsal.signed_with}"
        # The client pulls these as well; without their names, the numbers would seem to disagree.
        added = self.rehearsal.added_by_hub
        origin = f", with {', '.join(added)} that the Hub added" if added else ""
        yield f"pulled     {plural(len(self.rehearsal.local.files), 'file')}, every byte checked{origin}"
        yield f"compared   {plural(len(files), 'file')}, bit by bit"
        if self.rehearsal.arrays:
            yield f"loaded     {plural(self.rehearsal.arrays, 'array')}, read to the last byte"
        else:
            yield f"loaded     nothing: {self.rehearsal.not_loaded}"
        # Before the verdict, which is easier to find at the end.
        yield from (paint("red", f"  ~ {difference}") for difference in self.rehearsal.differences)
        if not self.rehearsal.same:
            yield f"{paint('red', 'FAILED')}  the pulled release differs from the published one"
            return
        yield f"{paint('green', 'ok')}  the pulled release equals the published one; nothing was left behind"
        yield from next_steps(paint, f"hublish plan{self.repeated.manifest}")

    def document(self) -> Any:
        """Return the verdict with the counts."""
        receipt = self.rehearsal.receipt
        return {
            "same": self.rehearsal.same,
            "commit": receipt.commit,
            "published": len(receipt.plan.release.files),
            "pulled": len(self.rehearsal.local.files),
            "added_by_hub": list(self.rehearsal.added_by_hub),
            "arrays": self.rehearsal.arrays,
            "differences": list(self.rehearsal.differences),
            "signed_with": self.rehearsal.signed_with,
        }

    def quiet(self) -> Iterable[str]:
        """Return every difference."""
        return self.rehearsal.differences
