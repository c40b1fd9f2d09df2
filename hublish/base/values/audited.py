"""The result of `hublish audit`: the findings in a release, a folder or a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from hublish.schemas.diagnose.problems import Problem


class AuditFinding(NamedTuple):
    """Something that the audit found."""

    problem: Problem
    path_in_repo: str = ""
    """The path of the file; empty for a finding about the whole, or about hub.yaml."""
    source: str = ""
    """The file on disk as it is shown, relative to the current folder where that is possible; empty without one."""
    waived: str | None = None
    """The reason of the waiver that accepts it; None without one."""


@dataclass(frozen=True)
class Audited:
    """Everything that the policy finds, in files that were all read."""

    subject: str
    """The manifest, folder, file or repo, as it was named."""
    files: int
    """The number of files."""
    size: int
    """Their bytes."""
    findings: tuple[AuditFinding, ...] = ()
    """Sorted by path, rule and place; waived ones among them."""
    unread_manifest: str = ""
    """A hub.yaml in an audited folder, whose policy does not count; empty without one."""

    def of(self, severity: str) -> tuple[AuditFinding, ...]:
        """Return the findings of a severity that are not waived: `error` or `warning`."""
        return tuple(one for one in self.findings if one.waived is None and one.problem.severity == severity)

    @property
    def waived(self) -> tuple[AuditFinding, ...]:
        """The findings that are waived."""
        return tuple(one for one in self.findings if one.waived is not None)

    @property
    def ok(self) -> bool:
        """Whether the policy refuses nothing."""
        return not self.of("error")


def in_order(findings: Iterable[AuditFinding]) -> tuple[AuditFinding, ...]:
    """Return findings by path, rule and place, the same in every run."""

    def key(one: AuditFinding) -> tuple[str, str, str, int, int, str]:
        place = one.problem.location
        line, column = (place.line, place.column) if place else (0, 0)
        return one.source or one.path_in_repo, one.path_in_repo, one.problem.code, line, column, one.problem.message

    return tuple(sorted(findings, key=key))
