"""`--format sarif`: findings as a SARIF 2.1.0 log, for code scanning and for editors.

The log names no time and no absolute folder, so that the same findings are the same bytes. GitHub's limits are those of
"SARIF support for code scanning": 25,000 results in a run, and a region and a location for each.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from hublish._version import __version__
from hublish.base.errors import HublishError
from hublish.base.values.audited import AuditFinding
from hublish.base.visible_text import visible
from hublish.cli.report import View
from hublish.cli.report.human import HumanReport
from hublish.cli.terminal.streams import write_json
from hublish.codes.entry import DOCUMENTATION, Code
from hublish.codes.explained import EXPLAINED, RULES
from hublish.schemas.diagnose.problems import Location, Problem

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_MOST_RESULTS: Final = 25_000
_ROOT: Final = "%SRCROOT%"


@dataclass(frozen=True)
class SarifReport(HumanReport):
    """One SARIF log on stdout; progress, and errors for people, stay on stderr."""

    can_ask = False

    def show(self, view: View) -> None:
        """Write the findings of a result; its view lists them as `findings`."""
        # Only commands with findings offer this format.
        findings: Sequence[AuditFinding] = getattr(view, "findings", ())
        subject: str = getattr(view, "subject", "")
        self._write(findings, subject, successful=True)

    def warn(self, problems: Iterable[Problem]) -> None:
        """Write nothing: the result lists the warnings."""

    def fail(self, error: HublishError) -> None:
        """Write the problems of an error, and the error for people: the log is mostly redirected into a file."""
        super().fail(error)
        findings = [finding_of(problem) for problem in error.problems]
        self._write(findings, "", successful=bool(findings), error=None if findings else error)

    def incomplete(self, error: HublishError) -> None:
        """Write the error to stderr: the result is the one log."""
        super().fail(error)

    def _write(
        self, findings: Sequence[AuditFinding], subject: str, *, successful: bool, error: HublishError | None = None
    ) -> None:
        places = Places.here(self.terminal.environ)
        write_json(self.terminal.stdout, sarif_log(findings, places, subject, successful=successful, error=error))


def finding_of(problem: Problem) -> AuditFinding:
    """Return a problem of hub.yaml or of a file as a finding."""
    return AuditFinding(problem, "" if problem.location else problem.path)


@dataclass(frozen=True)
class Places:
    """Turns paths as they are shown into URIs that are relative to the root of the sources."""

    root: Path
    current: Path
    """The folder that shown paths are relative to."""

    @classmethod
    def here(cls, environ: Mapping[str, str]) -> "Places":
        """Return those for GITHUB_WORKSPACE, else for the git repository of the current folder, else for the folder."""
        current = Path.cwd()
        if workspace := environ.get("GITHUB_WORKSPACE"):
            return cls(Path(workspace).resolve(), current)
        repository = (each for each in (current, *current.parents) if (each / ".git").exists())
        return cls(next(repository, current), current)

    def artifact(self, shown: str) -> dict[str, str]:
        """Return the `artifactLocation` of a file."""
        path = self.current / shown
        # The folder is resolved and the file is not: a link is itself the place of its finding.
        whole = Path(os.path.realpath(path.parent), path.name)
        if whole.is_relative_to(self.root):
            return {"uri": _uri(whole.relative_to(self.root).as_posix()), "uriBaseId": _ROOT}
        return {"uri": f"file://{_uri(whole.as_posix())}"}


def sarif_log(
    findings: Sequence[AuditFinding],
    places: Places,
    subject: str = "",
    *,
    successful: bool = True,
    error: HublishError | None = None,
) -> dict[str, Any]:
    """Return findings as a SARIF log.

    Args:
        findings: the findings, waived ones among them.
        places: makes URIs of paths.
        subject: the file or folder that was audited, for findings without a place; empty for none.
        successful: whether the command could do its work, whatever it found.
        error: the reason why it could not.
    """
    # Errors first, in case there are more than a reader accepts.
    kept = sorted(findings, key=lambda one: (one.waived is not None, one.problem.severity != "error"))[:_MOST_RESULTS]
    rules = _rules(kept)
    index = {rule.code: number for number, rule in enumerate(rules)}
    notes = _notifications(len(findings) - len(kept), error)
    invocation = {"executionSuccessful": successful, **({"toolExecutionNotifications": notes} if notes else {})}
    version = {"version": __version__, "semanticVersion": __version__}
    driver = {"name": "hublish", "informationUri": DOCUMENTATION, **version}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {**driver, "rules": [_descriptor(rule) for rule in rules]}},
                "invocations": [invocation],
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the sources."}}},
                "columnKind": "unicodeCodePoints",
                "results": [*_results(kept, index, places, subject)],
            }
        ],
    }


def _rules(findings: Iterable[AuditFinding]) -> list[Code]:
    """Return every rule of the audit, and those of other problems that occur."""
    others = {_code(one) for one in findings} - RULES.keys()
    # A serializer of another package may raise a code of its own.
    found = (EXPLAINED.get(code) or Code(code, "A problem", "", "") for code in sorted(others))
    return [*RULES.values(), *found]


def _code(finding: AuditFinding) -> str:
    return visible(finding.problem.code)


def _descriptor(rule: Code) -> dict[str, Any]:
    texts = {"Cause": rule.cause, "Danger": rule.danger, "Fix": rule.fix, "Waiver": rule.waiver}
    parts = {title: text for title, text in texts.items() if text}
    plain = "\n\n".join(f"{title}: {text}" for title, text in parts.items())
    properties: dict[str, Any] = {"tags": ["security"] if rule.risk else ["correctness"]}
    if rule.risk:
        properties["security-severity"] = str(rule.risk)
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.code.replace(".", "_").split("_")),
        "shortDescription": {"text": _message(f"{rule.title}.")},
        "fullDescription": {"text": _message(rule.cause or rule.fix or f"{rule.title}.")},
        "help": {
            "text": _message(plain),
            "markdown": _message("\n\n".join(f"**{title}.** {text}" for title, text in parts.items())),
        },
        "defaultConfiguration": {"level": rule.level},
        **({"helpUri": rule.url} if rule.code in EXPLAINED else {}),
        "properties": properties,
    }


def _results(
    findings: Iterable[AuditFinding], index: Mapping[str, int], places: Places, subject: str
) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for one in findings:
        problem, code = one.problem, _code(one)
        result: dict[str, Any] = {
            "ruleId": code,
            "ruleIndex": index[code],
            "level": problem.severity,
            "message": {"text": _message(_text(one))},
        }
        if locations := _locations(one, places, subject):
            result["locations"] = locations
        result["partialFingerprints"] = _fingerprints(one, seen)
        if one.waived is not None:
            # Outside of the file that has the finding: in hub.yaml.
            waiver = {"kind": "external", "status": "accepted", "justification": visible(one.waived)}
            result["suppressions"] = [waiver]
        yield result


def _text(finding: AuditFinding) -> str:
    problem = finding.problem
    path = problem.path if problem.path and problem.path != finding.source else ""
    message = f"{path}: {problem.message}" if path else problem.message
    return f"{message}\nHint: {problem.hint}" if problem.hint else message


def _locations(finding: AuditFinding, places: Places, subject: str) -> list[dict[str, Any]]:
    place = finding.problem.location
    shown = place.source if place else finding.source or finding.path_in_repo or subject
    # Standard input has no place that a reader could open.
    if not shown or shown.startswith("<"):
        return []
    return [{"physicalLocation": {"artifactLocation": places.artifact(shown), "region": _region(place)}}]


def _region(place: Location | None) -> dict[str, int]:
    if place is None:
        return {"startLine": 1}  # GitHub rejects a result without a line
    region = {"startLine": place.line, "startColumn": place.column}
    if place.end_line is not None and place.end_column is not None:
        region |= {"endLine": place.end_line, "endColumn": place.end_column}
    return region


def _fingerprints(finding: AuditFinding, seen: Counter[str]) -> dict[str, str]:
    """Return a fingerprint that stays when lines are added or removed above the finding."""
    problem = finding.problem
    parts = (problem.code, finding.path_in_repo, problem.path, problem.message)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    # Equal findings in one file differ only in their number.
    seen[digest] += 1
    value = f"{digest}:{seen[digest]}"
    # GitHub reads the first name only, and would otherwise compute it from the line.
    return {"primaryLocationLineHash": value, "hublishFinding/v1": value}


def _notifications(left_out: int, error: HublishError | None) -> list[dict[str, Any]]:
    notes = []
    if left_out:
        text = f"{left_out:,} more findings are left out; --format json lists all."
        notes.append({"level": "warning", "message": {"text": text}})
    if error is not None:
        descriptor = {"descriptor": {"id": visible(error.code)}}
        notes.append({"level": "error", "message": {"text": _message(str(error.message))}, **descriptor})
    return notes


def _message(text: str) -> str:
    """Return a text as a SARIF message, in which braces are placeholders and brackets can be a link."""
    escaped = visible(text, keep="\n").replace("{", "{{").replace("}", "}}")
    # A file name such as `[click](https://...)` must not become a link.
    return escaped.replace("](", r"\](")


def _uri(path: str) -> str:
    # The bytes of a name that is not UTF-8 are encoded one by one.
    return quote(os.fsencode(path), safe="/")
