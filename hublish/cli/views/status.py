"""The view of `status`: the working tree and the Hub compared with the lock."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hublish.api.status import RemoteDrift, Status
from hublish.base.values import Setting
from hublish.base.values.moving_ref import MovingRef
from hublish.base.values.publication import LocalDrift
from hublish.cli.report.json import error_document, fields
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, plural
from hublish.cli.views.phrases import (
    NO_OPTIONS,
    RepeatedOptions,
    next_steps,
    repo_label,
    setting_change,
    short,
    size_of,
)
from hublish.cli.views.verify import difference_document, lock_document, moved_row
from hublish.schemas.documents.sizes import format_size

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink

_COLORS = {"+": "green", "~": "yellow", "-": "red"}
_WORDS = {"+": "added", "~": "changed", "-": "removed"}

# A mark, a subject, and its change.
Row = tuple[str, str, str]


@dataclass(frozen=True)
class StatusView:
    """Both halves, then the verdict."""

    status: Status
    repeated: RepeatedOptions = NO_OPTIONS

    def human(self, paint: Paint) -> Iterable[str]:
        """Return both halves, the verdict, and the next steps."""
        found = self.status
        if found.lock is None or found.local is None:
            yield from self._unpublished(paint)
            return
        lock = found.lock
        tag = f", tag {lock.tag}" if lock.tag else f", rolled back to {lock.restores}" if lock.restores else ""
        tag += f" at {short(lock.tag_commit)}" if lock.tag and lock.tag_commit else ""
        label = repo_label(lock.repo_id, lock.repo_type)
        yield paint("bold", f"{label} at {lock.revision}, locked at {short(lock.commit)}{tag}")
        yield from _half("Working tree", list(_local_rows(found.local)), found.local.files, paint)
        if found.remote is not None:
            yield from _half("Hub", list(_remote_rows(found.remote)), len(lock.files), paint)
        yield ""
        yield self._verdict(paint)
        yield from self._next(paint)

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return the verdict, then both halves."""
        from hublish.cli.report.markup import Paragraph, Table

        found = self.status
        if found.lock is None or found.local is None:
            yield from (Paragraph(ink.text(line.strip())) for line in list(self._unpublished(Paint()))[:2])
            return
        label = repo_label(found.lock.repo_id, found.lock.repo_type)
        yield Paragraph(
            f"### {ink.code(label)} at {ink.code(found.lock.revision)}, locked at {short(found.lock.commit)}"
        )
        yield Paragraph(f"**{ink.text(self._verdict(Paint()))}**")
        halves = [("Working tree", list(_local_rows(found.local)))]
        halves += [("Hub", list(_remote_rows(found.remote)))] if found.remote is not None else []
        for title, rows in halves:
            if rows:
                yield Paragraph(f"#### {title}, changes since the lock")
                cells = [(_WORDS[mark], ink.code(subject), ink.text(change)) for mark, subject, change in rows]
                yield Table(("", "what", "change"), cells, "change")

    def document(self) -> Any:
        """Return both halves; an unknown one is null."""
        found = self.status
        return {
            "changed": found.changed,
            "lock": None if found.lock is None else lock_document(found.lock),
            "local": None if found.local is None else _local_document(found.local),
            "remote": None if found.remote is None else _remote_document(found.remote),
            "error": None if found.error is None else error_document(found.error),
        }

    def quiet(self) -> Iterable[str]:
        """Return every difference: `local` or `remote`, its mark and its subject."""
        found = self.status
        if found.local is not None:
            yield from (f"local {mark} {subject}" for mark, subject, _ in _local_rows(found.local))
        if found.remote is not None:
            yield from (f"remote {mark} {subject}" for mark, subject, _ in _remote_rows(found.remote))

    def _unpublished(self, paint: Paint) -> Iterable[str]:
        files = self.status.release.files
        yield paint("bold", f"Nothing has been published from here yet: {self._lock} does not exist.")
        yield f"  {plural(len(files), 'file')}, {format_size(size_of(files))}, to upload"
        yield from next_steps(paint, f"hublish plan{self.repeated.manifest}{self.repeated.hub}")

    def _verdict(self, paint: Paint) -> str:
        found = self.status
        here = _count([] if found.local is None else list(_local_rows(found.local)), "in the working tree")
        if found.remote is None:
            there = "the Hub could not be reached" if found.error else "the Hub was not checked"
        else:
            there = _count(list(_remote_rows(found.remote)), "on the Hub")
        if found.changed:
            return f"{paint('yellow', 'Drifted:')} {here}; {there}."
        if found.remote is None:
            return f"{paint('green', 'No drift:')} the working tree matches {self._lock}; {there}."
        return f"{paint('green', 'No drift:')} the working tree and the Hub match {self._lock}."

    @property
    def _lock(self) -> str:
        return self.status.project.lock_path.name

    def _next(self, paint: Paint) -> Iterable[str]:
        found = self.status
        if found.lock is None or found.local is None or not found.changed:
            return ()
        steps = [f"hublish plan{self.repeated.manifest}{self.repeated.hub}  shows what publishing would change"]
        # The release has changed, but the manifest still names the tag of the published one.
        if found.local.keeps_the_tag and found.lock.tag:
            steps.insert(0, f"raise the version: {found.lock.tag} is released, and a released version never changes")
        if found.lock.restores and found.local.any:
            steps.insert(
                0, f"this tree is not {found.lock.restores}, to which the Hub is rolled back: raise its version"
            )
        return next_steps(paint, *steps)


def _half(title: str, rows: list[Row], files: int, paint: Paint) -> Iterator[str]:
    yield ""
    if not rows:
        yield f"{paint('bold', title)}  {plural(files, 'file')} as in the lock"
        return
    yield paint("bold", f"{title}, changes since the lock")
    lines = columns((f"{mark} {subject}", happened) for mark, subject, happened in rows)
    for (mark, _, _), line in zip(rows, lines, strict=True):
        yield f"  {paint(_COLORS[mark], line)}"


def _local_rows(local: LocalDrift) -> Iterator[Row]:
    yield from (("~", setting.name, setting_change(setting, "none")) for setting in local.settings)
    yield from (("+", path, "not in the lock") for path in local.added)
    yield from (("~", file.path_in_repo, file.why) for file in local.changed)
    yield from (("-", path, "no longer part of the release") for path in local.removed)


def _remote_rows(remote: RemoteDrift) -> Iterator[Row]:
    lock, found = remote.lock, remote.verification
    # Without the repo or the branch every file is missing: one row is clearer than one per file.
    if not remote.repo_exists:
        # The Hub gives the same response for a deleted repo and for a private one that the token cannot access.
        yield "-", lock.repo_id, "not found: it was deleted, or the token cannot access it"
        return
    if remote.head is None:
        yield "-", lock.revision, "the branch no longer exists"
        return
    if remote.moved:
        yield "~", lock.revision, f"{short(lock.commit)} -> {short(remote.head)}{_since(remote)}"
    if remote.tag_moved and lock.tag:
        yield moved_row(MovingRef("tag", lock.tag, remote.tag_at), lock)
    yield from (moved_row(ref, lock) for ref in found.moved)
    yield from (("-", path, "missing") for path in found.missing)
    yield from (("~", path, "different bytes") for path in found.different)
    yield from (("+", path, "not in the lock") for path in found.extra)
    yield from (("~", item.name, f"{item.before}, but {item.after} in the manifest") for item in remote.settings)


def _since(remote: RemoteDrift) -> str:
    # The history is read up to a limit, or it was squashed.
    if remote.commits_since is None:
        return "; the locked commit is not among its newest commits"
    return f", {plural(remote.commits_since, 'commit')} since"


def _count(rows: list[Row], where: str) -> str:
    return f"{plural(len(rows), 'change')} {where}" if rows else f"no changes {where}"


def _local_document(local: LocalDrift) -> dict[str, Any]:
    return {
        "changed": local.any,
        "files": local.files,
        "added": list(local.added),
        "different": [{"path_in_repo": file.path_in_repo, "reason": file.why} for file in local.changed],
        "removed": list(local.removed),
        "settings": _settings_document(local.settings),
    }


def _remote_document(remote: RemoteDrift) -> dict[str, Any]:
    return {
        "changed": remote.any,
        **fields(remote, "endpoint", "repo_exists", "head", "commits_since", "tag_at"),
        **difference_document(remote.verification),
        "settings": _settings_document(remote.settings),
    }


def _settings_document(settings: Iterable[Setting]) -> list[dict[str, Any]]:
    return [
        {"name": item.name, "before": None if item.before is None else str(item.before), "after": str(item.after)}
        for item in settings
    ]
