"""The view of `plan`: the changes that publishing would make, marked as in diffs and in Terraform."""

from collections.abc import Iterable
from typing import Any

from hublish._dataclass import dataclass
from hublish.base.values import Action, Change, Plan
from hublish.base.values.commit_parts import count_commits
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented, plural
from hublish.cli.views import phrases
from hublish.cli.views.phrases import NO_OPTIONS, RepeatedOptions
from hublish.pipeline.compare.advice import NO_PERMISSION
from hublish.schemas.documents.sizes import format_size
from hublish.schemas.yaml.reader import Places

# A mark, a color and a meaning for each action, in the order of the legend.
_MARKS = {
    Action.ADD: ("+", "green", "add"),
    Action.CHANGE: ("~", "yellow", "change"),
    Action.DELETE: ("-", "red", "delete"),
    Action.IGNORE: ("!", "yellow", "dropped by a .gitignore"),
    Action.KEEP: ("=", "dim", "unchanged"),
    Action.LEAVE: (".", "dim", "not touched"),
}
# The other actions are only counted, unless --all is given.
_LISTED = (Action.ADD, Action.CHANGE, Action.DELETE, Action.IGNORE)
_COMMITTED = (Action.ADD, Action.CHANGE, Action.DELETE)


@dataclass(frozen=True)
class PlanView:
    """A release compared with the Hub."""

    plan: Plan
    # List unchanged, remote and excluded files too.
    everything: bool = False
    # The plan file that was written.
    written_to: str = ""
    repeated: RepeatedOptions = NO_OPTIONS
    # Show the line of every rule.
    why: bool = False
    # A question follows, instead of the next steps.
    ask: bool = False

    def human(self, paint: Paint) -> Iterable[str]:
        """Return head, settings, files, summary and next steps."""
        yield from _head(self.plan, paint)
        yield from _settings(self.plan, paint)
        yield from self._files(paint)
        yield from phrases.waived_lines(self.plan.release.waived, paint)
        yield ""
        yield from _summary(self.plan, paint)
        yield from self._next(paint)

    def document(self) -> Any:
        """Return the plan document, which `--out` writes and `publish` takes."""
        from hublish.pipeline.lock.records import plan_fields

        return plan_fields(self.plan)

    def quiet(self) -> Iterable[str]:
        """Return the files in the commit, each with its mark."""
        return [f"{_MARKS[change.action][0]} {change.path_in_repo}" for change in self.plan.of(*_COMMITTED)]

    def _files(self, paint: Paint) -> Iterable[str]:
        shown = self.plan.changes
        changes = shown if self.everything else tuple(each for each in shown if _is_listed(each))
        excluded = self.plan.release.excluded
        lines = [*self._lines(changes, paint), *([] if self.everything else _counts(self.plan, paint))]
        if not (lines or excluded):
            return
        yield from ["", f"{paint('bold', 'Files')}  {paint('dim', _legend(changes))}".rstrip(), *lines]
        # Excluded files are local: they have no action, and come last.
        if excluded and self.everything:
            places = phrases.places_of(self.plan.release)
            rows = columns((f"x {item.source}", phrases.rule_with_line(item.verdict, places)) for item in excluded)
            yield from [paint("dim", f"  {row}") for row in rows]
        elif excluded:
            yield paint("dim", f"  x {plural(len(excluded), 'local file')} excluded from the release")
        if not self.everything and (excluded or self.plan.of(Action.KEEP, Action.LEAVE)):
            yield paint("dim", "    --all lists every file; hublish explain PATH shows why")

    def _lines(self, changes: tuple[Change, ...], paint: Paint) -> list[str]:
        places = phrases.places_of(self.plan.release) if self.why else None
        rows = columns((_row(change, places) for change in changes), right=(1,))
        return [f"  {paint(_MARKS[change.action][1], row)}" for change, row in zip(changes, rows, strict=True)]

    @property
    def _options(self) -> str:
        return f"{self.repeated.manifest}{self.repeated.card}{self.repeated.hub}"

    def _next(self, paint: Paint) -> Iterable[str]:
        if self.ask or self.plan.nothing_to_do or self.plan.refusals:
            return ()
        if self.plan.of(Action.IGNORE):
            fix = (
                "change the .gitignore that drops files, or exclude them with patterns.ignore_patterns: publish refuses"
            )
            return phrases.next_steps(paint, fix)
        if any(problem.code == NO_PERMISSION for problem in self.plan.warnings):
            login = "hf auth login, or set HF_TOKEN to a token with write access"
            return phrases.next_steps(paint, login, f"hublish publish{self._options}")
        # The plan file contains the values of --set.
        if self.written_to:
            command = f"hublish publish {self.written_to}{self.repeated.file}{self.repeated.hub}"
            return phrases.next_steps(paint, f"review {self.written_to}, then {command}")
        options = self._options
        return phrases.next_steps(
            paint,
            f"hublish publish{options}",
            f"hublish plan --out plan.json{options}  to review it first and publish exactly that plan",
        )


def _head(plan: Plan, paint: Paint) -> Iterable[str]:
    target = plan.target
    label = phrases.repo_label(target.repo_id, target.repo_type)
    yield paint("bold", f"{label} at {target.revision}") + (", as a pull request" if target.create_pr else "")
    rows = [("endpoint", target.endpoint), ("parent", _parent(plan))]
    # Settings alone, or only a tag, need no commit and so no message.
    if plan.commits:
        rows.append(("message", target.commit_message))
    if (count := count_commits(plan)) > 1:
        how = "for its reviewers" if target.create_pr else "merged in one step once all are verified"
        rows.append(("parts", f"{count} commits to a draft pull request, {how}"))
    if plan.tag:
        rows.append(("tag", f"{plan.tag}, once the commit is verified"))
    if plan.open_pull_request:
        rows.append(("proposed", f"pull request {plan.open_pull_request} already holds this release"))
    yield from indented(columns(rows))


def _parent(plan: Plan) -> str:
    head = plan.head
    if not head.repo_exists:
        return "none: the repo will be created"
    # A new branch starts at the head of main, so only the differences are sent.
    if head.commit is None:
        return f"{phrases.short(head.default_commit)}: the branch {plan.target.revision} will be created from main"
    return phrases.short(head.commit)


def _settings(plan: Plan, paint: Paint) -> Iterable[str]:
    if not plan.settings:
        return
    yield from ["", paint("bold", "Settings")]
    rows = [
        (f"{'+' if setting.before is None else '~'} {setting.name}", phrases.setting_change(setting))
        for setting in plan.settings
    ]
    for setting, line in zip(plan.settings, columns(rows), strict=True):
        yield f"  {paint('green' if setting.before is None else 'yellow', line)}"


def _summary(plan: Plan, paint: Paint) -> list[str]:
    if plan.nothing_to_do:
        where = f"pull request {plan.open_pull_request}" if plan.open_pull_request else plan.target.revision
        return [paint("green", nothing_to_do(plan.target.repo_id, where))]
    counts = ", ".join(f"{len(plan.of(action))} to {action}" for action in _COMMITTED)
    line = f"{paint('bold', 'Plan:')} {counts}; {format_size(plan.bytes_to_send)} to send."
    # Changed settings are applied without a commit.
    return [line] if plan.commits else [line, "No commit is needed."]


def nothing_to_do(label: str, where: str) -> str:
    """Return the sentence for a release that is published already."""
    return f"Nothing to do: {label} at {where} already holds this release."


def _legend(changes: Iterable[Change]) -> str:
    """Return the meaning of the marks before these changes."""
    present = {change.action for change in changes}
    return "  ".join(f"{mark} {meaning}" for action, (mark, _, meaning) in _MARKS.items() if action in present)


def _counts(plan: Plan, paint: Paint) -> Iterable[str]:
    kept = plan.of(Action.KEEP)
    left = [change for change in plan.of(Action.LEAVE) if not change.was_released]
    if kept:
        size = format_size(phrases.size_of(change.file for change in kept if change.file))
        yield paint("dim", f"  = {plural(len(kept), 'file')} unchanged ({size})")
    if left:
        # delete_patterns would have to name them.
        yield paint("dim", f"  . {plural(len(left), 'remote file')} not touched: outside the release")


def _is_listed(change: Change) -> bool:
    return change.action in _LISTED or change.was_released


def _row(change: Change, places: Places | None) -> tuple[str, ...]:
    mark = _MARKS[change.action][0]
    why = phrases.with_line(_why(change), places.find(change.rule) if places else None)
    return f"{mark} {change.path_in_repo}", _sizes(change), change.upload_mode or "", why


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
    # The reason often names the source already: `artifacts[0].source: runs/best.npz`.
    if origin.source in change.reason:
        return change.reason + phrases.converted(origin)
    label = phrases.origin_label(origin)
    return "; ".join(part for part in (label if label != change.path_in_repo else "", change.reason) if part)
