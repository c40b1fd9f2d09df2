"""What the manifest's policy says about what was found: problems to refuse, warnings to show, or nothing."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hublish.audit.denied import default_denied, first_match
from hublish.schemas.diagnose.problems import Location, Problem
from hublish.schemas.documents.manifest import Level, Policy
from hublish.schemas.documents.path_rules import collisions, path_problems, portability_problems

if TYPE_CHECKING:
    from hublish.audit.inspection import HiddenSecret, Inspection
    from hublish.audit.secrets import Secret

# Every secret holds such a run (see secrets.py); a text without one is not worth the rules.
_MAY_HOLD_A_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{20}|PRIVATE KEY", re.ASCII)
_SECRET_HINT = "remove it and revoke it where it was issued: it may have been read already"  # noqa: S105 - advice
_PICKLE_HINT = "convert it to safetensors, or set policy.pickle to `warn` or `allow`"


def at_level(problems: Iterable[Problem], level: Level) -> Iterator[Problem]:
    """Yield problems as the policy's level wants them: as they are, as warnings, or not at all."""
    for problem in problems:
        if level == "forbid":
            yield problem
        elif level == "warn":
            yield replace(problem, severity="warning")


def name_problems(path: str, policy: Policy) -> Iterator[Problem]:
    """Yield what is wrong with one file's name."""
    for reason in path_problems(path):
        yield Problem("policy.name", reason, "give it another path_in_repo", path)
    for reason in portability_problems(path):
        yield Problem(
            "policy.portability", reason, "rename it so that every system can check it out", path, None, "warning"
        )
    pattern = first_match(path, policy.deny_patterns)
    if pattern is not None:
        rule = f"policy.deny_patterns[{policy.deny_patterns.index(pattern)}]"
        yield Problem("policy.denied", f"matches {rule}: {pattern}", "leave it out with patterns.ignore_patterns", path)
    pattern = default_denied(path)
    if pattern is not None:
        hint = "such files hold credentials or belong to one machine; leave it out"
        yield Problem("policy.denied", f"never part of a release: {pattern}", hint, path)
    yield from at_level(_secrets_in_name(path), policy.secrets)


def collision_problems(paths: Iterable[str]) -> Iterator[Problem]:
    """Yield names that are one file on some systems, or that two sources want."""
    seen: set[str] = set()
    for path in paths:
        if path in seen:
            yield Problem("policy.collision", "two sources for one target", "give one another path_in_repo", path)
        seen.add(path)
    for first, second, why in collisions(seen):
        yield Problem("policy.collision", f"{why}: {first}, {second}", "rename one of them", second)


def content_problems(path: str, source: str, inspection: "Inspection", policy: Policy) -> Iterator[Problem]:
    """Yield what is wrong with one file's content.

    Args:
        path: its path_in_repo.
        source: how diagnostics call the file that was read.
        inspection: what was found in it.
        policy: of the manifest.
    """
    if inspection.pickle is not None:
        found = Problem("policy.pickle", f"the content is {inspection.pickle}", _PICKLE_HINT, path)
        yield from at_level([found], policy.pickle)
    yield from at_level(
        (_secret_problem(path, source, hidden, inspection) for hidden in inspection.secrets), policy.secrets
    )


def text_problems(path: str, text: str, policy: Policy) -> Iterator[Problem]:
    """Yield the secrets in a single text, such as the commit message, that `path` names."""
    found = (Problem("policy.secret", _described(secret), _SECRET_HINT, path) for secret in _secrets_in(text))
    yield from at_level(found, policy.secrets)


def _secrets_in_name(path: str) -> Iterator[Problem]:
    for secret in _secrets_in(path):
        # The path itself would show it.
        yield Problem("policy.secret", f"a file name holds {_described(secret)}", _SECRET_HINT, _masked(path))


def _secrets_in(text: str) -> "tuple[Secret, ...]":
    if not _MAY_HOLD_A_SECRET.search(text):
        return ()
    from hublish.audit.secrets import secrets_in_text

    return secrets_in_text(text)


def _masked(path: str) -> str:
    return "/".join("…" if _secrets_in(part) else part for part in path.split("/"))


def _secret_problem(path: str, source: str, hidden: "HiddenSecret", inspection: "Inspection") -> Problem:
    secret, message = hidden.secret, _described(hidden.secret)
    if hidden.member:
        message = f"{message} in its member {hidden.member}"
    in_text = hidden.member is None and not inspection.binary
    location = Location(source, secret.line, secret.column) if in_text else None
    return Problem("policy.secret", message, _SECRET_HINT, path, location)


def _described(secret: "Secret") -> str:
    return f"a secret ({secret.rule}): {secret.shown}"
