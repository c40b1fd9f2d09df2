"""A plan, before anybody says yes to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hublish.base.values import Action, Plan
from hublish.cli.again import NOTHING_AGAIN, Again
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented, plural
from hublish.cli.views.changes import MARKS, change_lines, legend, listed, sent
from hublish.cli.views.phrases import next_steps, places_of, repo_label, rule_with_line, setting_move, short
from hublish.schemas.documents.sizes import format_size


@dataclass(frozen=True)
class PlanView:
    """What publishing would do."""

    plan: Plan
    everything: bool = False
    """Whether kept, left and excluded files are listed too."""
    written_to: str = ""
    """The plan file that was written."""
    again: Again = NOTHING_AGAIN
    why: bool = False
    """Whether every rule is shown with its line."""
    ask: bool = False
    """Whether a question follows instead of what to type next."""

    def human(self, paint: Paint) -> Iterable[str]:
        """Return head, settings, files, summary and what to type next."""
        yield from _head(self.plan, paint)
        yield from _settings(self.plan, paint)
        yield from self._files(paint)
        yield ""
        yield from summary(self.plan, paint)
        yield from self._next(paint)

    def document(self) -> Any:
        """Return the plan document: what `--out` writes and `publish` takes."""
        from hublish.pipeline.lock.records import plan_document

        return plan_document(self.plan).model_dump(mode="json")

    def quiet(self) -> Iterable[str]:
        """Return the files that would change, each with its mark."""
        return [f"{MARKS[change.action][0]} {change.path_in_repo}" for change in self.plan.changes if sent(change)]

    def _files(self, paint: Paint) -> Iterable[str]:
        lines = change_lines(self.plan, paint, everything=self.everything, why=self.why)
        excluded = self.plan.release.excluded
        if not (lines or excluded):
            return
        marks = legend(listed(self.plan, everything=self.everything))
        yield from ["", f"{paint('bold', 'Files')}  {paint('dim', marks)}".rstrip(), *lines]
        if excluded and self.everything:
            places = places_of(self.plan.release)
            rows = columns((f"x {item.source}", rule_with_line(item.verdict, places)) for item in excluded)
            yield from [paint("dim", f"  {row}") for row in rows]
        elif excluded:
            yield paint("dim", f"  x {plural(len(excluded), 'local file')} not part of the release")
        if not self.everything and (excluded or self.plan.of(Action.KEEP, Action.LEAVE)):
            yield paint("dim", "    --all lists every file; hublish explain PATH says why")

    def _next(self, paint: Paint) -> Iterable[str]:
        if self.ask or self.plan.nothing_to_do:
            return ()
        if self.written_to:  # the plan holds what --set said
            command = f"hublish publish {self.written_to}{self.again.file}{self.again.remote}"
            return next_steps(paint, f"review {self.written_to}, then {command}")
        options = f"{self.again.manifest}{self.again.remote}"
        return next_steps(
            paint,
            f"hublish publish{options}",
            f"hublish plan --out plan.json{options}  to have it reviewed and published exactly so",
        )


def summary(plan: Plan, paint: Paint) -> list[str]:
    """Return the line that says it all."""
    if plan.nothing_to_do:
        where = f"pull request {plan.open_pull_request}" if plan.open_pull_request else plan.target.revision
        return [paint("green", f"Nothing to do: {plan.target.repo_id} at {where} already is this release.")]
    counts = ", ".join(f"{len(plan.of(action))} to {action}" for action in (Action.ADD, Action.CHANGE, Action.DELETE))
    line = f"{paint('bold', 'Plan:')} {counts}; {format_size(plan.bytes_to_send)} to send."
    return [line] if plan.commits else [line, "No commit is needed."]


def _head(plan: Plan, paint: Paint) -> Iterable[str]:
    target = plan.target
    label = repo_label(target.repo_id, target.repo_type)
    yield paint("bold", f"{label} at {target.revision}") + (", as a pull request" if target.create_pr else "")
    rows = [("endpoint", target.endpoint), ("parent", _parent(plan))]
    if plan.commits:
        rows.append(("message", target.commit_message))
    if plan.tag:
        rows.append(("tag", f"{plan.tag}, once the commit is verified"))
    if plan.open_pull_request:
        rows.append(("proposed", f"pull request {plan.open_pull_request} holds exactly this"))
    yield from indented(columns(rows))


def _parent(plan: Plan) -> str:
    head = plan.head
    if not head.repo_exists:
        return "none: the repo will be created"
    if head.commit is None:
        return f"{short(head.default_commit)}: the branch {plan.target.revision} will be created from main"
    return short(head.commit)


def _settings(plan: Plan, paint: Paint) -> Iterable[str]:
    if not plan.settings:
        return
    yield from ["", paint("bold", "Settings")]
    rows = [
        (f"{'+' if setting.before is None else '~'} {setting.name}", setting_move(setting)) for setting in plan.settings
    ]
    for setting, line in zip(plan.settings, columns(rows), strict=True):
        yield f"  {paint('green' if setting.before is None else 'yellow', line)}"
