"""A plan and the changes inside of files as Markdown: the verdict and the surprises first, long lists in folds."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hublish.base.values.surprise import Surprise
from hublish.cli.report.markdown import problem_item
from hublish.cli.report.markup import Block, Fence, Fold, Ink, Items, Paragraph, Table
from hublish.cli.terminal.text import plural
from hublish.cli.views import phrases
from hublish.diffs.differences import FileDiff
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.plan import PlanDocument

# Longer tables are folded, so that the comment of a large release leaves the page of its pull request readable.
_MOST_ROWS: Final = 12
# The rows of all deletions of a release, and of the files that one diff lists.
_MOST_FILES: Final = 300
_TITLES: Final = {"high": "High", "medium": "Medium"}


def plan_head(plan: PlanDocument, facts: Iterable[tuple[str, str]], verdict: str, ink: Ink) -> Iterator[Block]:
    """Yield the target, the verdict, and the facts about the whole plan."""
    label = phrases.repo_label(plan.repo_id, plan.repo_type)
    proposed = ", as a pull request" if plan.create_pr else ""
    yield Paragraph(f"### Plan for {ink.code(label)} at {ink.code(plan.revision)}{proposed}")
    yield Paragraph(f"**{ink.text(verdict)}**")
    if plan.refusals:
        yield Items([f"**Refused:** {ink.text(message)}" for message in plan.refusals], "refusal")
    known = [*facts, *([("visibility", plan.visibility)] if plan.visibility else [])]
    yield Items([f"{name}: {ink.code(value)}" for name, value in known], "fact")


def surprise_blocks(found: Sequence[Surprise], ink: Ink) -> Iterator[Block]:
    """Yield the surprises."""
    if found:
        yield Paragraph("#### Surprises")
        yield Items([f"**{_TITLES[each.level]}:** {ink.text(each.message)}" for each in found], "surprise")


def setting_blocks(plan: PlanDocument, ink: Ink) -> Iterator[Block]:
    """Yield the settings that change."""
    if plan.settings:
        yield Paragraph("#### Settings")
        rows = [(ink.code(each.name), ink.code(phrases.setting_change(each))) for each in plan.settings]
        yield Table(("setting", "change"), rows, "setting")


def file_blocks(lines: Sequence[Sequence[str]], counts: Sequence[str], ink: Ink) -> Iterator[Block]:
    """Yield the files that change, each with its action, path, size, number and rule, and the counts of the others."""
    rows = [(line[0], ink.code(line[1]), ink.text(line[2]), ink.text(line[3]), ink.code(line[4])) for line in lines]
    if rows:
        table = Table(("action", "path", "size", "", "rule"), rows, "row", _MOST_FILES)
        yield Paragraph("#### Files")
        summary = plural(len(rows), "line")
        yield table if len(rows) <= _MOST_ROWS else Fold(summary, (table,), open=len(rows) <= 4 * _MOST_ROWS)
    if counts:
        # Without their marks, which a list does not need.
        yield Items([ink.text(text[2:]) for text in counts], "count")


def finding_blocks(plan: PlanDocument, ink: Ink) -> Iterator[Block]:
    """Yield the findings of the audit: waived findings and warnings."""
    if plan.findings:
        rows = [
            (ink.code(each.code), ink.code(each.path_in_repo), ink.text(each.message), _waiver(each.waived, ink))
            for each in plan.findings
        ]
        yield Paragraph("#### Findings")
        yield Table(("rule", "file", "finding", "waived"), rows, "finding", _MOST_FILES)


def warning_blocks(problems: Iterable[Problem], ink: Ink) -> Iterator[Block]:
    """Yield the warnings that are not among the findings."""
    if items := [problem_item(each, ink) for each in problems if not each.code.startswith("policy.")]:
        yield Paragraph("#### Warnings")
        yield Items(items, "warning")


def _waiver(reason: str | None, ink: Ink) -> str:
    return "no" if reason is None else f"yes: {ink.text(reason)}"


def diff_blocks(diffs: Sequence[FileDiff], ink: Ink, title: str = "") -> Iterator[Block]:
    """Yield the changes inside of files, each in a fold."""
    if diffs and title:
        yield Paragraph(f"#### {title}")
    for diff in diffs:
        summary = f"{ink.html(diff.path_in_repo)}: {ink.text(diff.summary)}"
        parts = list(_parts(diff, ink))
        yield Fold(summary, parts) if parts else Paragraph(f"&nbsp;&nbsp;{summary}")


def _parts(diff: FileDiff, ink: Ink) -> Iterator[Block]:
    if diff.entries:
        rows = [(ink.code(each.name), _side(each.before, ink), _side(each.after, ink)) for each in diff.entries]
        yield Table(("name", "before", "after"), rows, "entry", _MOST_FILES)
    if diff.hunks:
        yield Fence([ink.line(line) for line in hunk_lines(diff)], "diff")
    if diff.more:
        yield Paragraph(f"*{plural(diff.more, 'more change')}.*")


def _side(text: str | None, ink: Ink) -> str:
    return "" if text is None else ink.code(text)


def hunk_lines(diff: FileDiff) -> Iterator[str]:
    """Yield the lines of a unified diff."""
    for hunk in diff.hunks:
        yield hunk.header
        yield from (f"{line.mark}{line.text}" for line in hunk.lines)
