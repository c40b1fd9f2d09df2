"""A plan's files: one line each, marked the way diffs and Terraform mark them."""

from collections.abc import Iterable

from hublish.base.values import Action, Change, Plan
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, plural
from hublish.cli.views.phrases import converted, made_by, places_of, with_line
from hublish.schemas.documents.sizes import format_size
from hublish.schemas.yaml.places import Places

MARKS = {
    Action.ADD: ("+", "green"),
    Action.CHANGE: ("~", "yellow"),
    Action.DELETE: ("-", "red"),
    Action.IGNORE: ("!", "yellow"),
    Action.KEEP: ("=", "dim"),
    Action.LEAVE: (".", "dim"),
}

_MEANINGS = {
    Action.ADD: "add",
    Action.CHANGE: "change",
    Action.DELETE: "delete",
    Action.IGNORE: "dropped by a .gitignore",
    Action.KEEP: "keep, same bytes",
    Action.LEAVE: "left alone",
}
_SHOWN = (Action.ADD, Action.CHANGE, Action.DELETE, Action.IGNORE)


def listed(plan: Plan, *, everything: bool) -> tuple[Change, ...]:
    """Return the changes that get a line each; kept and left files do only when everything is asked for."""
    return plan.changes if everything else plan.of(*_SHOWN)


def legend(changes: Iterable[Change]) -> str:
    """Return what the marks mean that stand before these changes."""
    present = {change.action for change in changes}
    return "  ".join(f"{MARKS[action][0]} {meaning}" for action, meaning in _MEANINGS.items() if action in present)


def change_lines(plan: Plan, paint: Paint, *, everything: bool, why: bool = False) -> list[str]:
    """Return one line a file, then the count of those that have none; with `why`, rules have their line too."""
    changes = listed(plan, everything=everything)
    places = places_of(plan.release) if why else None
    rows = columns((_row(change, places) for change in changes), right=(1,))
    lines = [f"  {paint(MARKS[change.action][1], line)}" for change, line in zip(changes, rows, strict=True)]
    return lines if everything else [*lines, *_counted(plan, paint)]


def sent(change: Change) -> bool:
    """Whether the file's bytes, or its end, are part of the commit."""
    return change.action in (Action.ADD, Action.CHANGE, Action.DELETE)


def _row(change: Change, places: Places | None) -> tuple[str, ...]:
    mark = MARKS[change.action][0]
    line = places.find(change.rule) if places else None
    return f"{mark} {change.path_in_repo}", _sizes(change), change.upload_mode or "", with_line(_why(change), line)


def _sizes(change: Change) -> str:
    before = format_size(change.remote.size) if change.remote else ""
    after = format_size(change.file.size) if change.file else ""
    if change.action is Action.CHANGE:
        return f"{before} -> {after}"
    if change.action is Action.DELETE:
        return f"{before} -> gone"
    return after or before


def _why(change: Change) -> str:
    if change.file is None:
        return change.reason
    origin = change.file.origin
    if origin.source in change.reason:
        return change.reason + converted(origin)
    source = made_by(origin)
    return "; ".join(part for part in (source if source != change.path_in_repo else "", change.reason) if part)


def _counted(plan: Plan, paint: Paint) -> Iterable[str]:
    kept = plan.of(Action.KEEP)
    left = plan.of(Action.LEAVE)
    if kept:
        size = format_size(sum(change.file.size for change in kept if change.file))
        yield paint("dim", f"  = {plural(len(kept), 'file')} kept, the same on both sides ({size})")
    if left:
        yield paint("dim", f"  . {plural(len(left), 'remote file')} left alone: outside the release")
