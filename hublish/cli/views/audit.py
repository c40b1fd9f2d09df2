"""The view of `audit`: the findings by rule, each with its place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from hublish.base.values.audited import Audited, AuditFinding
from hublish.cli.report.json import fields, problem_document
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented, plural
from hublish.codes.explained import EXPLAINED
from hublish.schemas.documents.json_stream import Rows
from hublish.schemas.documents.sizes import format_size

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink

# Findings of one rule that are shown to people.
_MOST_SHOWN: Final = 50
_COLORS: Final = {"error": "red", "warning": "yellow"}


@dataclass(frozen=True)
class AuditView:
    """The findings in a release, a folder or a file."""

    audited: Audited

    @property
    def findings(self) -> tuple[AuditFinding, ...]:
        """All findings, for the formats of other programs."""
        return self.audited.findings

    @property
    def subject(self) -> str:
        """The manifest, folder or file."""
        return self.audited.subject

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the findings by rule, the waived ones, and the totals."""
        for severity in ("error", "warning"):
            found = sorted(self.audited.of(severity), key=lambda one: one.problem.code)
            for code, group in groupby(found, key=lambda one: one.problem.code):
                yield from _group(code, [*group], paint)
        if waived := self.audited.waived:
            yield paint("bold", "Waived findings")
            yield from _rows([(*_row(one), f"waived: {one.waived}") for one in waived])
            yield ""
        yield self._summary(paint)
        if self.audited.unread_manifest:
            yield f"The policy in {self.audited.unread_manifest} does not count here; -f names a manifest to audit."

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return the totals, then one row per finding, errors first."""
        from hublish.cli.report.markup import Paragraph, Table

        audited = self.audited
        total = f"{plural(audited.files, 'file')}, {format_size(audited.size)}"
        yield Paragraph(f"**Audit** of {ink.code(audited.subject)}: {total}: {self._counts(Paint())}.")
        found = (*audited.of("error"), *audited.of("warning"), *audited.waived)
        rows = [
            (
                one.problem.severity if one.waived is None else "waived",
                ink.code(one.problem.code),
                ink.code(_place(one)),
                ink.text(one.problem.message if one.waived is None else f"{one.problem.message}; {one.waived}"),
            )
            for one in found
        ]
        if rows:
            yield Table(("level", "rule", "place", "finding"), rows, "finding")

    def document(self) -> Any:
        """Return the totals and every finding."""
        audited = self.audited
        return {
            **fields(audited, "subject", "ok", "files"),
            "total_size": audited.size,
            "errors": len(audited.of("error")),
            "warnings": len(audited.of("warning")),
            "waived": len(audited.waived),
            "findings": Rows(lambda: map(_document, audited.findings)),
        }

    def quiet(self) -> Iterable[str]:
        """Return the place and the rule of each finding that is not waived."""
        return [f"{_place(one)}: {one.problem.code}" for one in self.audited.findings if one.waived is None]

    def _summary(self, paint: Paint) -> str:
        audited = self.audited
        total = f"{plural(audited.files, 'file')}, {format_size(audited.size)}"
        return f"{paint('bold', audited.subject)}: {total}: {self._counts(paint)}"

    def _counts(self, paint: Paint) -> str:
        audited = self.audited
        counts = [
            paint(color, plural(len(found), noun))
            for found, noun, color in (
                (audited.of("error"), "error", "red"),
                (audited.of("warning"), "warning", "yellow"),
                (audited.waived, "waived finding", "yellow"),
            )
            if found
        ]
        return ", ".join(counts) or paint("green", "no findings")


def _group(code: str, found: Sequence[AuditFinding], paint: Paint) -> Iterable[str]:
    rule, severity = EXPLAINED.get(code), found[0].problem.severity
    title = f": {rule.title}" if rule else ""
    yield f"{paint(_COLORS[severity], f'{severity}[{code}]')}{paint('bold', title)}"
    yield from _rows([_row(one) for one in found[:_MOST_SHOWN]])
    if len(found) > _MOST_SHOWN:
        yield f"  and {plural(len(found) - _MOST_SHOWN, 'more finding')}; --json lists all"
    # Findings of one rule mostly share a hint.
    for hint in dict.fromkeys(one.problem.hint for one in found[:_MOST_SHOWN] if one.problem.hint):
        yield f"  {paint('cyan', 'hint:')} {hint}"
    yield ""


def _rows(rows: Sequence[tuple[str, ...]]) -> list[str]:
    return indented(columns(rows))


def _row(finding: AuditFinding) -> tuple[str, ...]:
    return _place(finding), finding.problem.message


def _place(finding: AuditFinding) -> str:
    """Return the file with line and column, or the field of hub.yaml."""
    place = finding.problem.location
    return str(place) if place else finding.source or finding.path_in_repo or finding.problem.path


def _document(finding: AuditFinding) -> dict[str, Any]:
    return {**problem_document(finding.problem), **fields(finding, "path_in_repo", "source", "waived")}
