"""The view of `doctor`: findings about the environment."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hublish.api.doctor import Finding
from hublish.cli.report.json import fields
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, plural


@dataclass(frozen=True)
class FindingsView:
    """One line per finding, with a hint where there is something to do."""

    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether all checks passed."""
        return all(finding.ok for finding in self.findings)

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the findings in columns, each with its hint, and the verdict."""
        lines = columns((finding.name, finding.detail) for finding in self.findings)
        for finding, line in zip(self.findings, lines, strict=True):
            yield f"{paint('green', 'ok  ') if finding.ok else paint('red', 'FAIL')}  {line}"
            # A passed check can have a hint too, such as how to make transfers faster.
            if finding.hint:
                yield f"      {paint('cyan', 'hint:')} {finding.hint}"
        failed = sum(not finding.ok for finding in self.findings)
        yield from ["", f"{plural(failed, 'problem')} found." if failed else "No problems found."]

    def document(self) -> Any:
        """Return the verdict and every finding."""
        return {
            "ok": self.healthy,
            "findings": [fields(finding, "name", "ok", "detail", "hint") for finding in self.findings],
        }

    def quiet(self) -> Iterable[str]:
        """Return the names of the failed checks."""
        return [finding.name for finding in self.findings if not finding.ok]
