"""The view of `releases`: one line a tag, the newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hublish.api.releases import PublishedRelease, Releases, ReleaseState
from hublish.base.values.moving_ref import MovingRef
from hublish.cli.report.json import fields
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.fitting import fitted_columns
from hublish.cli.terminal.text import plural
from hublish.cli.views.phrases import repo_label, short

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink

_COLORS: Final = {
    ReleaseState.VERIFIED: "green",
    ReleaseState.DIFFERENT: "red",
    ReleaseState.MOVED: "red",
    ReleaseState.GONE: "yellow",
    ReleaseState.UNKNOWN: "dim",
}
# Paths of a release that differ, shown to people.
_MOST_PATHS: Final = 3


@dataclass(frozen=True)
class ReleasesView:
    """Every tag, with its commit and its state."""

    found: Releases

    def human(self, paint: Paint) -> Iterable[str]:
        """Return one line a release, and how many are verified."""
        yield paint("bold", self._title)
        found = self.found.releases
        rows = [
            (f"{'*' if each.at_head else ' '} {each.tag}", each.state.value, _day(each), *_facts(each))
            for each in found
        ]
        for release, line in zip(found, fitted_columns(rows, paint.width), strict=True):
            yield paint(_COLORS[release.state], line)
        if any(each.at_head for each in found):
            yield paint("dim", f"  * the head of {self.found.target.revision}")
        if moving := self.found.moving:
            yield from ["", paint("bold", "Following the releases")]
            yield from fitted_columns([(f"  {ref}", *self._place(ref)) for ref in moving], paint.width)
        yield from ["", self._summary, *(paint("dim", note) for note in self._notes())]

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return a table of the releases, and how many are verified."""
        from hublish.cli.report.markup import Items, Paragraph, Table

        yield Paragraph(f"### {ink.text(self._title)}")
        rows = [
            (ink.code(each.tag), each.state.value, _day(each), ink.text(_facts(each)[0]), ink.text(_facts(each)[1]))
            for each in self.found.releases
        ]
        if rows:
            yield Table(("tag", "state", "date", "commit", ""), rows, "release")
        if moving := self.found.moving:
            yield Paragraph("Following the releases:")
            places = [(f"{ref.kind} {ink.code(ref.name)}", " ".join(self._place(ref))) for ref in moving]
            yield Items([f"{label}: {ink.text(place.strip())}" for label, place in places], "name")
        yield Paragraph(ink.text(self._summary))
        if notes := list(self._notes()):
            yield Items([ink.text(note) for note in notes], "note")

    def document(self) -> Any:
        """Return the repo and every release. The keys are stable."""
        return {
            "ok": self.found.ok,
            **fields(self.found.target, "repo_id", "repo_type", "endpoint", "revision"),
            "head": self.found.head,
            "releases": [_document(each) for each in self.found.releases],
            "moving": [fields(ref, "kind", "name", "at") for ref in self.found.moving],
            "locks_complete": self.found.records.is_complete,
            "locks_unreadable": self.found.records.unreadable,
        }

    def quiet(self) -> Iterable[str]:
        """Return the tags that the Hub has."""
        return [each.tag for each in self.found.releases if each.commit is not None]

    @property
    def _title(self) -> str:
        target = self.found.target
        return f"{repo_label(target.repo_id, target.repo_type)} on {target.endpoint}"

    @property
    def _summary(self) -> str:
        found = self.found.releases
        if not found:
            return "No releases: the repo has no tag."
        states = [each.state for each in found]
        counts = [f"{states.count(state)} {state.value}" for state in ReleaseState if state in states]
        return f"{plural(len(found), 'release')}: {', '.join(counts)}"

    def _place(self, ref: MovingRef) -> tuple[str, str]:
        """Return the commit of a tag or branch, and the releases there."""
        if ref.at is None:
            return "", "not on the Hub"
        return short(ref.at), ", ".join(each.tag for each in self.found.releases if each.commit == ref.at)

    def _notes(self) -> Iterable[str]:
        records = self.found.records
        if records.unreadable:
            yield f"{plural(records.unreadable, 'former version')} of the lock cannot be read"
        if not records.is_complete:
            yield "git does not have the whole history of the lock here: `git fetch --unshallow` may add records"


def _day(release: PublishedRelease) -> str:
    return release.date.date().isoformat() if release.date else ""


def _facts(release: PublishedRelease) -> tuple[str, str]:
    """Return the commit, and its title or what differs."""
    if release.state is ReleaseState.GONE:
        return short(release.locked_commit), "the Hub does not have this tag; the lock records this commit"
    if release.state is ReleaseState.MOVED:
        return short(release.commit), f"the lock records {short(release.locked_commit)}; {release.title}"
    if release.state is ReleaseState.DIFFERENT:
        paths = ", ".join(release.different[:_MOST_PATHS])
        more = len(release.different) - _MOST_PATHS
        return short(release.commit), f"differs from the lock: {paths}" + (f" and {more} more" if more > 0 else "")
    return short(release.commit), release.title


def _document(release: PublishedRelease) -> dict[str, Any]:
    about = fields(release, "tag", "commit", "state", "title", "locked_commit", "different", "at_head")
    return {**about, "date": release.date.isoformat() if release.date else None}
