"""The view of a rule: its cause, its danger and its fix."""

import shutil
import textwrap
from collections.abc import Iterator
from typing import Any, Final

from hublish.audit.rules import Rule
from hublish.cli.report.json import fields
from hublish.cli.terminal.color import Paint

_COLORS: Final = {"error": "red", "warning": "yellow"}
# The widest line of running text that reads well.
_WIDEST: Final = 100
_LABEL: Final = 10


def rule_lines(rule: Rule, paint: Paint) -> Iterator[str]:
    """Yield the title, the cause, the danger, the fix and the waiver of a rule."""
    yield f"{paint(_COLORS[rule.level], f'{rule.level}[{rule.code}]:')} {paint('bold', rule.title)}"
    for label, text in (("cause", rule.cause), ("danger", rule.danger), ("fix", rule.fix), ("waiver", rule.waiver)):
        if text:
            lines = textwrap.wrap(text, min(_WIDEST, shutil.get_terminal_size().columns - 2) - _LABEL)
            yield from _labeled(label, lines, paint)
    if rule.may_be_waived:
        waiver = f"- {{rule: {rule.code}, path_in_repo: FILE, reason: why it is acceptable}}"
        yield from (f"{' ' * _LABEL}{line}" for line in ("  policy:", "    waivers:", f"      {waiver}"))


def rule_document(rule: Rule) -> dict[str, Any]:
    """Return a rule as plain data. Its keys are stable."""
    return {
        **fields(rule, "code", "title", "cause", "danger", "fix", "level", "risk"),
        "may_be_waived": rule.may_be_waived,
        "waiver": rule.waiver,
    }


def _labeled(label: str, lines: list[str], paint: Paint) -> Iterator[str]:
    for number, line in enumerate(lines):
        shown = "" if number else label
        yield f"  {paint('cyan', shown)}{' ' * (_LABEL - 2 - len(shown))}{line}"
