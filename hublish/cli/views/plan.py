"""The view of `plan` and `show`: the changes that publishing would make, marked as in diffs and in Terraform."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from hublish.base.values import Plan, Waived
from hublish.base.values.surprise import Surprise
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.fitting import fitted_columns, wrapped
from hublish.cli.terminal.text import plural
from hublish.cli.views import phrases
from hublish.cli.views.compact_plan import compact_plan
from hublish.cli.views.folding import Folded, folded
from hublish.cli.views.phrases import NO_OPTIONS, RepeatedOptions
from hublish.pipeline.compare.advice import NO_PERMISSION
from hublish.pipeline.compare.surprises import surprises, was_released
from hublish.pipeline.lock.records import changed_document, plan_document, plan_fields
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.plan import ExcludedFile, PlanDocument, PlannedFile, PlannedSetting
from hublish.schemas.documents.sizes import format_size

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink
    from hublish.diffs.differences import FileDiff

# A mark, a color and a meaning for each action, in the order of the legend.
_MARKS: Final = {
    "add": ("+", "green", "add"),
    "change": ("~", "yellow", "change"),
    "delete": ("-", "red", "delete"),
    "ignore": ("!", "yellow", "dropped by a .gitignore"),
    "keep": ("=", "dim", "unchanged"),
    "leave": (".", "dim", "not touched"),
}
_COMMITTED: Final = ("add", "change", "delete")
# Longer lists of files are folded by folder.
_MOST_LINES: Final = 40
# Even beside many deletions, some lines are left for the other files.
_FEWEST_LINES: Final = 10


@dataclass(frozen=True)
class PlanView:
    """A release compared with the Hub, as it was planned now or as a plan file records it."""

    plan: Plan | PlanDocument
    # List unchanged, remote and excluded files too.
    everything: bool = False
    # The plan file that was written or read.
    written_to: str = ""
    repeated: RepeatedOptions = NO_OPTIONS
    # Show the line of every rule.
    why: bool = False
    # A question follows, instead of the next steps.
    ask: bool = False
    # The changes inside of files, in which more surprises are found.
    diffs: "tuple[FileDiff, ...]" = ()

    def human(self, paint: Paint) -> Iterable[str]:
        """Return head, settings, surprises, files, summary and next steps."""
        yield from _head(self.shown, paint)
        yield from _settings(self.shown, paint)
        yield from _surprises(self.surprises, paint)
        yield from self._files(paint)
        yield from phrases.waived_lines(_waived(self.shown), paint)
        yield ""
        yield from _summary(self.shown, paint)
        yield from self._next(paint)

    def document(self) -> Any:
        """Return the plan document, which `--out` writes and `publish` takes."""
        return plan_fields(self.plan) if isinstance(self.plan, Plan) else self.plan.model_dump(mode="json")

    def markdown(self, ink: "Ink") -> Iterable["Block"]:
        """Return target and verdict, surprises, settings, files and findings."""
        from hublish.cli.views import markdown_plan as layout

        plan, rows = self.shown, self._rows()
        verdict = nothing_of(plan) if plan.nothing_to_do else summary_of(plan)
        yield from layout.plan_head(plan, facts_of(plan), verdict, ink)
        yield from layout.surprise_blocks(self.surprises, ink)
        yield from layout.setting_blocks(plan, ink)
        lines = [(_MARKS[row.files[0].action][2], row.path, sizes_of(row), _how(row), self._why(row)) for row in rows]
        yield from layout.file_blocks(lines, _Rest.of(self.plan).texts(excluded=True), ink)
        yield from layout.finding_blocks(plan, ink)
        if isinstance(self.plan, Plan):
            yield from layout.warning_blocks((*self.plan.release.warnings, *self.plan.warnings), ink)

    def compact(self) -> Any:
        """Return the facts that decide on the plan; without --all, the files that stay as they are have no row."""
        return compact_plan(self.shown, (lambda _: True) if self.everything else is_listed, self.surprises)

    def outputs(self) -> dict[str, str]:
        """Return the repo, the number of changes and the plan file, for the next steps of a workflow."""
        return {**outputs_of(self.shown), "plan": self.written_to}

    def quiet(self) -> Iterable[str]:
        """Return the files in the commit, each with its mark."""
        return [f"{_MARKS[file.action][0]} {file.path_in_repo}" for file in self.shown.files if _is_committed(file)]

    @cached_property
    def shown(self) -> PlanDocument:
        """The document that is shown; without --all, that of a new plan lacks the files that stay as they are."""
        if isinstance(self.plan, PlanDocument):
            return self.plan
        return plan_document(self.plan) if self.everything else changed_document(self.plan, places=self.why)

    @cached_property
    def surprises(self) -> tuple[Surprise, ...]:
        """The facts that a reviewer must not overlook."""
        return surprises(self.shown, self.diffs)

    def _rows(self) -> list[Folded]:
        if self.everything:
            return [Folded((file,), "") for file in self.shown.files]
        return folded_lines([file for file in self.shown.files if is_listed(file)], self.surprises)

    def _files(self, paint: Paint) -> Iterable[str]:
        rows, rest = self._rows(), _Rest.of(self.plan)
        counts = [] if self.everything else [paint("dim", f"  {text}") for text in rest.texts()]
        if not (rows or counts or rest.excluded):
            return
        legend = _legend(row.files[0].action for row in rows)
        yield from [
            "",
            f"{paint('bold', 'Files')}  {paint('dim', legend)}".rstrip(),
            *self._lines(rows, paint),
            *counts,
        ]
        # Excluded files are local: they have no action, and come last.
        if rest.excluded and self.everything:
            yield from self._excluded(paint)
        elif rest.excluded:
            yield paint("dim", f"  {rest.excluded_text}")
        if not self.everything and (rest or any(len(row.files) > 1 for row in rows)):
            yield paint("dim", "    --all lists every file; hublish explain PATH shows why")

    def _lines(self, rows: Sequence[Folded], paint: Paint) -> list[str]:
        cells = [(f"{_mark(row)} {row.path}", sizes_of(row), _how(row), self._why(row)) for row in rows]
        lines = fitted_columns(cells, _room(paint, 2), right=(1,))
        return [f"  {paint(_MARKS[row.files[0].action][1], line)}" for row, line in zip(rows, lines, strict=True)]

    def _why(self, row: Folded) -> str:
        if len(row.files) > 1:
            return rules_of(row)
        file = row.files[0]
        return self._with_place(why_of(file), file)

    def _excluded(self, paint: Paint) -> Iterable[str]:
        rows = [(f"x {item.source}", self._with_place(item.reason, item)) for item in self.shown.excluded]
        return [paint("dim", f"  {row}") for row in fitted_columns(rows, _room(paint, 2))]

    def _with_place(self, text: str, file: PlannedFile | ExcludedFile) -> str:
        # Excluded files always show their place, and the others on demand.
        place = file.location if self.why or isinstance(file, ExcludedFile) else None
        if place is None:
            return text
        # Relative to the current folder, so that a terminal opens it on a click; a plan file has the bare name.
        project = self.plan.release.project.name if isinstance(self.plan, Plan) else ""
        source = str(PurePath(project).parent / place.source) if file.rule else place.source
        return f"{text} ({source}:{place.line}:{place.column})"

    @property
    def _options(self) -> str:
        return f"{self.repeated.manifest}{self.repeated.card}{self.repeated.hub}"

    def _next(self, paint: Paint) -> Iterable[str]:
        plan = self.shown
        if self.ask or plan.nothing_to_do or plan.refusals:
            return ()
        if any(file.action == "ignore" for file in plan.files):
            fix = (
                "change the .gitignore that drops files, or exclude them with patterns.ignore_patterns: publish refuses"
            )
            return phrases.next_steps(paint, fix)
        if isinstance(self.plan, Plan) and any(problem.code == NO_PERMISSION for problem in self.plan.warnings):
            login = "hf auth login, or set HF_TOKEN to a token with write access"
            return phrases.next_steps(paint, login, f"hublish publish{self._options}")
        # The plan file contains the values of --set.
        if self.written_to:
            command = (
                f"hublish {phrases.publishing_verb(plan)} {self.written_to}{self.repeated.release}{self.repeated.hub}"
            )
            return phrases.next_steps(paint, f"review {self.written_to}, then {command}")
        options = self._options
        return phrases.next_steps(
            paint,
            f"hublish publish{options}",
            f"hublish plan --out plan.json{options}  to review it first and publish exactly that plan",
        )


@dataclass(frozen=True, slots=True)
class _Rest:
    """The files that are counted and not listed."""

    kept: int
    kept_bytes: int
    left: int
    excluded: int

    @classmethod
    def of(cls, plan: Plan | PlanDocument) -> "_Rest":
        if isinstance(plan, Plan):
            changes = [(change.action.value, change.size, change.was_released) for change in plan.changes]
            excluded = len(plan.release.excluded)
        else:
            changes = [(file.action, file.size, is_listed(file)) for file in plan.files]
            excluded = len(plan.excluded)
        kept = [size for action, size, _ in changes if action == "keep"]
        left = sum(action == "leave" and not listed for action, _, listed in changes)
        return cls(len(kept), sum(kept), left, excluded)

    @property
    def excluded_text(self) -> str:
        """The number of excluded files, with their mark."""
        return f"x {plural(self.excluded, 'local file')} excluded from the release"

    def texts(self, *, excluded: bool = False) -> list[str]:
        """Return the numbers of files, each with its mark."""
        texts = [self.excluded_text] if excluded and self.excluded else []
        if self.left:
            # delete_patterns would have to name them.
            texts.insert(0, f". {plural(self.left, 'remote file')} not touched: outside the release")
        if self.kept:
            texts.insert(0, f"= {plural(self.kept, 'file')} unchanged ({format_size(self.kept_bytes)})")
        return texts

    def __bool__(self) -> bool:
        return bool(self.kept or self.left or self.excluded)


def is_listed(file: PlannedFile) -> bool:
    """Return whether a file is listed without --all; the others are only counted."""
    return file.action not in ("keep", "leave") or was_released(file)


def folded_lines(files: Sequence[PlannedFile], found: Iterable[Surprise] = ()) -> list[Folded]:
    """Return the lines of a list of files: folded above 40, except for deletions and files with a surprise."""
    if len(files) <= _MOST_LINES:
        return [Folded((file,), "") for file in files]
    named = {surprise.path_in_repo for surprise in found}
    alone = [file for file in files if file.action == "delete" or file.path_in_repo in named]
    rest = [file for file in files if file.action != "delete" and file.path_in_repo not in named]
    lines = [Folded((file,), "") for file in alone]
    return sorted([*lines, *folded(rest, max(_FEWEST_LINES, _MOST_LINES - len(lines)))], key=lambda line: line.path)


def sizes_of(row: Folded) -> str:
    """Return `1.2 KB`, or `1.2 KB -> 1.3 KB` for files that change; empty for files that are not made yet."""
    action, after = row.files[0].action, "" if row.files[0].made_at_publish else format_size(row.size)
    if action == "delete":
        return f"{after} -> gone"
    before = row.before_size
    return after if action != "change" or before is None else f"{format_size(before)} -> {after}"


def why_of(file: PlannedFile) -> str:
    """Return the source and the rule of a file; the rule often names the source already."""
    if file.sha256 is None or (file.source and file.source in file.reason):
        return file.reason + (phrases.converted(file) if file.sha256 else "")
    label = phrases.origin_label(file)
    return "; ".join(part for part in (label if label != file.path_in_repo else "", file.reason) if part)


def rules_of(row: Folded) -> str:
    """Return the one rule of several files, or the number of their rules."""
    rules = dict.fromkeys(file.reason for file in row.files)
    return next(iter(rules)) if len(rules) == 1 else plural(len(rules), "rule")


def parent_of(plan: PlanDocument) -> str:
    """Return the commit that the release is compared with."""
    if not plan.repo_exists:
        return "none: the repo will be created"
    # A new branch starts at the head of main, so only the differences are sent.
    if plan.parent_commit is None:
        return f"{phrases.short(plan.default_commit)}: the branch {plan.revision} will be created from main"
    return phrases.short(plan.parent_commit)


def facts_of(plan: PlanDocument) -> Iterator[tuple[str, str]]:
    """Yield the facts about the whole plan, each with its name."""
    yield "endpoint", plan.endpoint
    yield "parent", parent_of(plan)
    if plan.restores is not None:
        known = "as its lock records it" if plan.restores.locked else "which no lock records"
        yield "restores", f"{plan.restores.name}, commit {phrases.short(plan.restores.commit)}, {known}"
    # Settings alone, or only a tag, need no commit and so no message.
    yield from [("message", plan.commit_message)] if commits(plan) else []
    if plan.commits is not None and plan.commits > 1:
        how = "for its reviewers" if plan.create_pr else "merged in one step once all are verified"
        yield "parts", f"{plan.commits} commits to a draft pull request, {how}"
    yield from [("tag", f"{plan.tag}, once the commit is verified")] if plan.tag else []
    yield from (("moves", str(move)) for move in plan.moves)
    yield from plan.attestation.facts if plan.attestation else ()
    if plan.pull_request:
        yield "proposed", f"pull request {plan.pull_request} already holds this release"


def summary_of(plan: PlanDocument) -> str:
    """Return the number of files to add, change and delete, and the bytes to send."""
    counts = ", ".join(f"{sum(file.action == action for file in plan.files)} to {action}" for action in _COMMITTED)
    return f"{counts}; {format_size(plan.bytes_to_send)} to send."


def commits(plan: PlanDocument) -> bool:
    """Return whether a plan needs a commit."""
    return plan.pull_request is None and any(map(_is_committed, plan.files))


def outputs_of(plan: PlanDocument) -> dict[str, str]:
    """Return the repo and the number of changes: files, settings, and the tag; 0 when there is nothing to do."""
    files = sum(map(_is_committed, plan.files)) if commits(plan) else 0
    # A receipt does not list the settings of a repo that was created.
    settings = sum(each.before is not None for each in plan.settings)
    changes = files + settings + bool(plan.tag)
    return {**phrases.repo_outputs(plan.repo_id, plan.repo_type), "changes": str(changes)}


def nothing_to_do(label: str, where: str) -> str:
    """Return the sentence for a release that is published already."""
    return f"Nothing to do: {label} at {where} already holds this release."


def nothing_of(plan: PlanDocument) -> str:
    """Return the sentence for a plan without anything to do."""
    return nothing_to_do(plan.repo_id, f"pull request {plan.pull_request}" if plan.pull_request else plan.revision)


def _is_committed(file: PlannedFile) -> bool:
    return file.action in _COMMITTED


def _head(plan: PlanDocument, paint: Paint) -> Iterable[str]:
    label = phrases.repo_label(plan.repo_id, plan.repo_type)
    yield paint("bold", f"{label} at {plan.revision}") + (", as a pull request" if plan.create_pr else "")
    # The names of facts line up, and a long value continues below its beginning.
    facts = list(facts_of(plan))
    size = max(len(name) for name, _ in facts)
    for name, value in facts:
        yield from wrapped(f"  {name:<{size}}  {value}", paint.width, " " * (size + 4))


def _settings(plan: PlanDocument, paint: Paint) -> Iterable[str]:
    if not plan.settings:
        return
    yield from ["", paint("bold", "Settings")]
    rows = [(f"{_setting_mark(each)} {each.name}", phrases.setting_change(each)) for each in plan.settings]
    for setting, line in zip(plan.settings, fitted_columns(rows, _room(paint, 2)), strict=True):
        yield f"  {paint('green' if setting.before is None else 'yellow', line)}"


def _setting_mark(setting: PlannedSetting) -> str:
    return "+" if setting.before is None else "~"


def _surprises(found: Sequence[Surprise], paint: Paint) -> Iterable[str]:
    if not found:
        return
    yield from ["", paint("bold", "Surprises")]
    for surprise in found:
        mark, color = ("!!", "red") if surprise.level == "high" else ("! ", "yellow")
        lines = wrapped(f"  {mark} {surprise.message}", paint.width, "     ")
        yield from [paint(color, line) for line in lines]


def _waived(plan: PlanDocument) -> Iterator[Waived]:
    for finding in plan.findings:
        if finding.waived is not None:
            yield Waived(Problem(finding.code, finding.message), finding.waived, finding.path_in_repo)


def _summary(plan: PlanDocument, paint: Paint) -> list[str]:
    if plan.nothing_to_do:
        return [paint("green", nothing_of(plan))]
    line = f"{paint('bold', 'Plan:')} {summary_of(plan)}"
    # Changed settings are applied without a commit.
    return [line] if commits(plan) else [line, "No commit is needed."]


def _legend(actions: Iterable[str]) -> str:
    """Return the meaning of the marks before these files."""
    present = {*actions}
    return "  ".join(f"{mark} {meaning}" for action, (mark, _, meaning) in _MARKS.items() if action in present)


def _mark(row: Folded) -> str:
    return _MARKS[row.files[0].action][0]


def _how(row: Folded) -> str:
    return plural(len(row.files), "file") if len(row.files) > 1 else row.files[0].upload_mode or ""


def _room(paint: Paint, indent: int) -> int | None:
    return None if paint.width is None else paint.width - indent
