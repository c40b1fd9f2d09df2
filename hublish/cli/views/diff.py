"""The view of `diff`, and that of a plan with the changes inside of files."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hublish.api.diff import ComparedRelease, ReleaseDiff
from hublish.cli.report.json import fields
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import plural
from hublish.cli.views.file_diffs import diff_documents, diff_lines, mark_of
from hublish.cli.views.phrases import repo_label, short
from hublish.cli.views.plan import PlanView
from hublish.diffs.differences import FileDiff

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink


@dataclass(frozen=True)
class DiffView:
    """Two releases compared by content."""

    diff: ReleaseDiff

    def human(self, paint: Paint) -> Iterable[str]:
        """Return both releases, the changes of each file, and their number."""
        found = self.diff
        yield paint("bold", f"{_label(found.before, None)} -> {_label(found.after, found.before)}")
        if found.files:
            yield ""
        yield from diff_lines(found.files, paint)
        yield ""
        yield self._summary(paint)
        if not found.has_values and any(_is_unknown(one) for one in found.files):
            yield paint("dim", "--tensors downloads the weights and compares their values")

    def _summary(self, paint: Paint) -> str:
        if not self.diff.changed:
            return paint("green", f"No difference: {plural(self.diff.unchanged, 'file')} with the same bytes.")
        actions = [one.action for one in self.diff.files]
        counts = ", ".join(f"{actions.count(action)} {action}" for action in ("added", "changed", "deleted"))
        return f"{paint('bold', 'Files:')} {counts}; {self.diff.unchanged} unchanged."

    def markdown(self, ink: "Ink") -> Iterable["Block"]:
        """Return both releases, the number of their differences, and the changes of each file."""
        from hublish.cli.report.markup import Paragraph
        from hublish.cli.views.markdown_plan import diff_blocks

        found = self.diff
        yield Paragraph(f"### {ink.code(_label(found.before, None))} to {ink.code(_label(found.after, found.before))}")
        yield Paragraph(f"**{ink.text(self._summary(Paint()))}**")
        yield from diff_blocks(found.files, ink)

    def document(self) -> Any:
        """Return both releases and the changes of each file."""
        found = self.diff
        sides = {
            name: fields(side, "repo_id", "repo_type", "revision", "commit")
            for name, side in (("before", found.before), ("after", found.after))
        }
        return {"changed": found.changed, **sides, "unchanged": found.unchanged, "files": diff_documents(found.files)}

    def quiet(self) -> Iterable[str]:
        """Return the files that differ, each with its mark."""
        return [f"{mark_of(one)} {one.path_in_repo}" for one in self.diff.files]


def _is_unknown(diff: FileDiff) -> bool:
    """Return whether only the values of its tensors may have changed."""
    return diff.kind == "tensors" and diff.action == "changed"


def _label(side: ComparedRelease, other: ComparedRelease | None) -> str:
    if side.revision is None:
        return "this tree"
    at = short(side.commit) if side.commit == side.revision else f"{side.revision} ({short(side.commit)})"
    same = other is not None and (other.repo_id, other.repo_type) == (side.repo_id, side.repo_type)
    return at if same else f"{repo_label(side.repo_id, side.repo_type)} at {at}"


@dataclass(frozen=True)
class PlanDiffView:
    """A plan, and the changes inside of its files."""

    plan: PlanView
    diffs: tuple[FileDiff, ...]

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the changes, then the plan, whose verdict and next steps stay at the end."""
        yield from diff_lines(self.diffs, paint)
        if self.diffs:
            yield ""
        yield from self.plan.human(paint)

    def markdown(self, ink: "Ink") -> Iterable["Block"]:
        """Return the plan, then the changes inside of its files."""
        from hublish.cli.views.markdown_plan import diff_blocks

        yield from self.plan.markdown(ink)
        yield from diff_blocks(self.diffs, ink, "Changes inside of files")

    def document(self) -> Any:
        """Return the plan and the changes side by side: a plan alone is what `publish` takes."""
        return {"plan": self.plan.document(), "diffs": diff_documents(self.diffs)}

    def outputs(self) -> dict[str, str]:
        """Return the outputs of the plan."""
        return self.plan.outputs()

    def quiet(self) -> Iterable[str]:
        """Return the files in the commit, each with its mark."""
        return self.plan.quiet()
